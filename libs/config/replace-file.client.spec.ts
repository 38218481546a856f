import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { replaceFile } from './replace-file.client.js';

const folder = mkdtempSync(join(tmpdir(), 'signalbox-replace-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('replaces a file behind a symlink, with its permissions, and leaves nothing beside it', async () => {
  writeFileSync(join(folder, 'real.yaml'), 'old', { mode: 0o640 });
  symlinkSync('real.yaml', join(folder, 'link.yaml'));
  await replaceFile(join(folder, 'link.yaml'), 'new');
  expect(readFileSync(join(folder, 'real.yaml'), 'utf8')).toBe('new');
  expect(statSync(join(folder, 'real.yaml')).mode & 0o777).toBe(0o640);
  expect(readdirSync(folder).toSorted()).toEqual(['link.yaml', 'real.yaml']);
});

it('says what the system says where there is no file', async () => {
  await expect(replaceFile(join(folder, 'gone.yaml'), 'x')).rejects.toThrow('ENOENT');
});
