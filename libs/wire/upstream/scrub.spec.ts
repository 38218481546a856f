import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growthOf, worseThanLinear } from '#testing';
import { scrubSecrets, scrubUpstreamText } from './scrub.js';

describe('scrubUpstreamText', () => {
  it.each([
    ['Incorrect API key provided: sk-proj-abc123DEF456. You can', 'sk-proj-abc123DEF456'],
    ['Incorrect API key provided: sk-pr***************wxYZ.', 'wxYZ'],
    ['bad header Authorization: Bearer abcdefghijkl', 'abcdefghijkl'],
    ['x-api-key: sk-ant-api03-AAAA-bbbb_cccc', 'AAAA'],
    ['key gsk_1234567890abcdef refused', 'gsk_1234567890abcdef'],
    ['API key AIzaSyA1234567890abcdefg not valid', 'AIzaSyA1234567890'],
    ['{"api_key": "topsecretvalue"}', 'topsecretvalue'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'eyJhbGci'],
    ['hash 0123456789abcdef0123456789abcdef', '0123456789abcdef'],
    ['blob QWxhZGRpbjpvcGVuIHNlc2FtZQ1234567890ABCDEFGHIJ==', 'QWxhZGRpbjpvcGVu'],
    ['see https://user:pass@api.example.com/v1/keys?x=1 please', 'example'],
    ['connect ECONNREFUSED 192.168.1.20:11434', '192.168'],
    ['connect ECONNREFUSED ::1:11434', '::1'],
    ['dial tcp [fe80::1%eth0]:11434: i/o timeout', 'fe80'],
    ['getaddrinfo ENOTFOUND gpu-box', 'gpu-box'],
    ['dial tcp: lookup gpu-box on 10.0.0.1:53', 'gpu-box'],
    ['upstream gpu-box:11434 refused', 'gpu-box'],
    ['host ollama.lan is down', 'ollama.lan'],
    ['from api.internal.example.org/path/x', 'example'],
    ['localhost:11434 refused', '11434'],
    ['address 2001:db8:0:1:1:1:1:1 unreachable', '2001:db8'],
    ['in organization org-AbCdEf123456 on tokens', 'AbCdEf123456'],
    ['mail admin@example.com', 'admin'],
    ['open /root/.ollama/models/blobs/sha256-1: no such file', '.ollama'],
    ['open C:\\Users\\someone\\model.gguf', 'someone'],
  ])('takes the secret or address out of %j', (text, secret) => {
    expect(scrubUpstreamText(text)).not.toContain(secret);
  });

  it.each([
    "model 'llama3.2:latest' not found",
    'model "qwen2.5-coder:14b" not found, try pulling it first',
    'server busy, please try again. maximum pending requests exceeded',
    'request (1402 tokens) exceeds the available context size (256 tokens), try increasing it',
    'json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string',
    'option "temperature" must be of type float32',
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    'messages.0.content: Input should be a valid list',
    'claude-opus-4-7: temperature is not supported',
    'The model `gpt-4o-mini-2024-07-18` does not exist or you do not have access to it.',
    'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day',
    'meta-llama/llama-3.3-70b-instruct:free is temporarily rate-limited upstream',
    'invalid duration "1h30m" at 12:30',
    'prompt is too long: 210000 tokens > 200000 maximum',
  ])('leaves %j as it is', (text) => {
    expect(scrubUpstreamText(text)).toBe(text);
  });

  it('puts everything on one line and caps the length', () => {
    expect(scrubUpstreamText('  a\r\n\tb\u0000c  ')).toBe('a b c');
    expect(scrubUpstreamText('word '.repeat(1000))).toHaveLength(500);
    expect(scrubUpstreamText('x'.repeat(50), 10)).toBe('xxxxxxxxx…');
  });

  it('lets no key survive, wherever it stands, and changes nothing the second time (property)', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{24,40}$/u);
    const prefix = fc.constantFrom(
      'sk-',
      'sk-ant-',
      'sk-or-v1-',
      'gsk_',
      'xai-',
      'Bearer ',
      'api_key=',
      'x-api-key: ',
      'AIzaSy',
    );
    const around = fc.constantFrom(' ', '"', "'", '(', ')', ', ', '. ', '\n', ' key: ', ' said {"error":"');
    fc.assert(
      fc.property(prefix, secret, around, around, (before, key, left, right) => {
        const scrubbed = scrubUpstreamText(`upstream${left}${before}${key}${right}end`);
        expect(scrubbed).not.toContain(key.slice(0, 12));
        expect(scrubUpstreamText(scrubbed)).toBe(scrubbed);
      }),
    );
  });

  it.each(['a-', 'a.', 'a:', '1.', 'sk-', '/home/', '[:', 'A1+/', '0:'])('takes linear time for many of %j', (unit) => {
    expect(growthOf((size) => scrubUpstreamText(unit.repeat(size)), 10_000)).toBeLessThan(worseThanLinear);
  });
});

describe('scrubSecrets', () => {
  it.each([
    ['use sk-proj-abc123DEF456 now', 'use [key] now'],
    ['postgres://me:hunter22@db.lan/x', 'postgres://[key]@db.lan/x'],
    ['password: correcthorse', 'password: [key]'],
    ['write to a.b@example.org', 'write to [email]'],
  ])('takes secrets out of %s', (text, scrubbed) => {
    expect(scrubSecrets(text)).toBe(scrubbed);
  });

  it.each(['see https://example.org/a?b=c', 'line one\n\tline two', 'the file /etc/hosts on 10.0.0.1'])(
    'leaves %j as it is',
    (text) => {
      expect(scrubSecrets(text)).toBe(text);
    },
  );
});
