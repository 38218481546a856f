import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AnswerText } from './answer-text.js';

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const answers: [string, string][] = [
  ['chat', JSON.stringify({ choices: [{ message: { content: 'Grün ist' } }] })],
  ['completion', JSON.stringify({ choices: [{ text: 'Grün ist' }] })],
  ['messages', JSON.stringify({ type: 'message', content: [{ type: 'text', text: 'Grün ist' }] })],
  [
    'responses',
    JSON.stringify({ object: 'response', output: [{ content: [{ type: 'output_text', text: 'Grün ist' }] }] }),
  ],
  [
    'a chat stream',
    `: queued\n\n${event({ choices: [{ delta: { content: 'Grün' } }] })}${event({ choices: [{ delta: { content: ' ist' } }] })}data: [DONE]\n\n`,
  ],
  [
    'a messages stream',
    `event: x\n${event({ type: 'content_block_delta', delta: { type: 'text_delta', text: 'Grün' } })}${event({ type: 'content_block_delta', delta: { text: ' ist' } })}`,
  ],
  [
    'a responses stream',
    event({ type: 'response.output_text.delta', delta: 'Grün ist' }) +
      event({ type: 'response.completed', response: { output: [{ content: [{ text: 'Grün ist' }] }] } }),
  ],
];

it.each(answers)('reads %s, however it is cut', (_name, body) => {
  const bytes = Buffer.from(body);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const answer = new AnswerText();
      const ends = [...cuts, bytes.length].sort((a, b) => a - b);
      let from = 0;
      for (const end of ends) {
        answer.add(bytes.subarray(from, end));
        from = end;
      }
      expect(answer.text()).toBe('Grün ist');
    }),
  );
});

it('has nothing where nothing was said, and an end where too much was', () => {
  const answer = new AnswerText();
  expect(answer.text()).toBeNull();
  for (let piece = 0; piece < 20_000; piece += 1) answer.add(Buffer.from(event({ choices: [{ text: 'word ' }] })));
  expect(answer.text()?.length).toBeLessThan(60_000);
});
