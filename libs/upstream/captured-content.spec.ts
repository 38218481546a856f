import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ChatRequest, collectAnswer, type StreamEvent } from '#wire';
import { capturedInput, capturedOutput } from './captured-content.js';
import type { NeutralRequest } from './neutral-request.js';

const chat = (messages: readonly object[]): NeutralRequest => ({
  kind: 'chat',
  request: ChatRequest.parse({ messages }),
});
const user = (text: string) => ({ role: 'user', content: [{ type: 'text', text }] });
const read = (json: string | undefined): unknown => JSON.parse(json ?? 'null');

describe('a prompt', () => {
  it('has its turns, its system text apart, and no bytes of images', () => {
    const asked = chat([
      { role: 'system', content: [{ type: 'text', text: 'be brief' }] },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is this?' },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'AAAA' } },
        ],
      },
      { role: 'assistant', content: [], toolCalls: [{ id: 'c1', name: 'look', arguments: '{"at":1}' }] },
      { role: 'tool', toolCallId: 'c1', content: [{ type: 'text', text: 'a cat' }] },
    ]);
    const attributes = capturedInput(asked, 'span');
    expect(read(attributes['gen_ai.system_instructions'])).toEqual([{ type: 'text', content: 'be brief' }]);
    expect(read(attributes['gen_ai.input.messages'])).toEqual([
      {
        role: 'user',
        parts: [
          { type: 'text', content: 'what is this?' },
          { type: 'blob', modality: 'image', mime_type: 'image/png' },
        ],
      },
      { role: 'assistant', parts: [{ type: 'tool_call', id: 'c1', name: 'look', arguments: '{"at":1}' }] },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'a cat' }] },
    ]);
  });

  it('of the older endpoints is a turn of the user', () => {
    const prompts: NeutralRequest = { kind: 'completion', request: { prompts: ['once', [1, 2, 3]] } };
    expect(read(capturedInput(prompts, 'span')['gen_ai.input.messages'])).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'once' }] },
      { role: 'user', parts: [{ type: 'text', content: '[3 tokens]' }] },
    ]);
  });

  it('loses its secrets', () => {
    const attributes = capturedInput(
      chat([user('my key is sk-proj-abc123DEF456, write to me@home.org\nplease')]),
      'span',
    );
    expect(read(attributes['gen_ai.input.messages'])).toEqual([
      { role: 'user', parts: [{ type: 'text', content: 'my key is [key], write to [email]\nplease' }] },
    ]);
  });

  it('as a hash says which text it was, and not what', () => {
    const hash = (text: string) => capturedInput(chat([user(text)]), 'hash')['gen_ai.input.messages'];
    expect(hash('a question')).toMatch(/"content":"sha256:[0-9a-f]{64}"/);
    expect(hash('a question')).toBe(hash('a question'));
    expect(hash('a question')).not.toBe(hash('another question'));
  });

  it('is cut to 8 KiB, the latest turns stay, and what is left is JSON', () => {
    const Shown = z.array(z.object({ role: z.string(), parts: z.array(z.object({ content: z.string() })).min(1) }));
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 12_000 }), { minLength: 1, maxLength: 6 }),
        (texts) => {
          const json = capturedInput(chat(texts.map(user)), 'span')['gen_ai.input.messages'] ?? '';
          expect(Buffer.byteLength(json)).toBeLessThanOrEqual(8_192);
          expect(Shown.parse(JSON.parse(json)).length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 60 },
    );
    const long = capturedInput(chat([user('x'.repeat(20_000)), user('the last')]), 'span')['gen_ai.input.messages'];
    expect(long).toContain('the last');
    expect(long?.length).toBeGreaterThan(4_000);
  });
});

describe('an answer', () => {
  const events: StreamEvent[] = [
    { type: 'reasoning-delta', choice: 0, text: 'hm' },
    { type: 'text-delta', choice: 0, text: 'Hel' },
    { type: 'text-delta', choice: 0, text: 'lo' },
    { type: 'tool-call-start', choice: 0, index: 0, id: 'c1', name: 'look' },
    { type: 'tool-call-delta', choice: 0, index: 0, arguments: '{}' },
    { type: 'finish', choice: 0, reason: 'tool_calls' },
  ];

  it('has its parts and why it stopped', () => {
    expect(read(capturedOutput(collectAnswer(events), 'span')['gen_ai.output.messages'])).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'hm' },
          { type: 'text', content: 'Hello' },
          { type: 'tool_call', id: 'c1', name: 'look', arguments: '{}' },
        ],
        finish_reason: 'tool_calls',
      },
    ]);
  });

  it('that never came is no attribute', () => {
    expect(capturedOutput(collectAnswer([]), 'span')).toEqual({});
  });
});
