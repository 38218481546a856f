import { describe, expect, it } from 'vitest';
import { isForm, readForm } from './form-body.js';

const type = 'multipart/form-data; boundary=d74496d66958873e';
const bytes = (lines: readonly (string | Uint8Array)[]) =>
  Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\r\n')]));

describe('a form', () => {
  it('is read as curl and Python write it, with names of any script and bytes of any value', async () => {
    const audio = Uint8Array.from({ length: 256 }, (_, index) => index);
    const body = bytes([
      '--d74496d66958873e',
      'Content-Disposition: form-data; name="model"',
      '',
      'ears',
      '--d74496d66958873e',
      'Content-Disposition: form-data; name="file"; filename="grüße 🙂.wav"',
      'Content-Type: audio/wav',
      '',
      audio,
      '--d74496d66958873e--',
    ]);
    expect(await readForm(body, type)).toEqual([
      { name: 'model', value: 'ears' },
      {
        name: 'file',
        filename: 'grüße 🙂.wav',
        contentType: 'audio/wav',
        base64: Buffer.from(audio).toString('base64'),
      },
    ]);
  });

  it.each([
    ['cut', '--d74496d66958873e\r\nContent-Disposition: form-data; name="a"\r\n\r\nb', type],
    ['without a boundary', 'x', 'multipart/form-data'],
    ['of nothing', null, type],
    ['of something else', '{"a":1}', type],
  ])('that is none (%s) is a 400', async (_what, text, contentType) => {
    const body = text === null ? null : Buffer.from(text);
    await expect(readForm(body, contentType)).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('is told by its content type', () => {
    expect(isForm('Multipart/Form-Data; boundary=a')).toBe(true);
    expect(isForm('application/json')).toBe(false);
    expect(isForm(null)).toBe(false);
  });
});
