import { expect, it } from 'vitest';
import { compatibilityDocument } from './matrix/document.js';

it('docs/compatibility.md is what the matrix says', async () => {
  await expect(compatibilityDocument()).toMatchFileSnapshot('../../docs/compatibility.md');
});
