import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutSecrets } from './secret-fields.js';

it('replaces what stands in secret fields, at the top and one level below', () => {
  const fields = { key: 'sk-1', model: 'm', headers: { authorization: 'Bearer sk-2', host: 'h' } };
  expect(withoutSecrets(fields)).toEqual({
    key: '***',
    model: 'm',
    headers: { authorization: '***', host: 'h' },
  });
  expect(fields.key).toBe('sk-1');
  expect(fields.headers.authorization).toBe('Bearer sk-2');
});

it('leaves errors and lists as they are', () => {
  const fields = { err: Object.assign(new Error('x'), { key: 'name of a header' }), list: [{ key: 1 }] };
  expect(withoutSecrets(fields)).toBe(fields);
});

it('copies nothing where there is no secret', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string({ maxLength: 2 }), fc.jsonValue()), (fields) => {
      // Such names are among those that fast-check likes best.
      fc.pre(!/"(?:key|token)":/.test(JSON.stringify(fields)));
      expect(withoutSecrets(fields)).toBe(fields);
    }),
  );
});
