import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutsOf, drain, summary } from '../__fixtures__/recording.js';
import type { ChatRequest } from '../neutral/chat-request.js';
import { AnthropicDecoder, readAnthropicAnswer } from './answer.js';
import { writeAnthropicMessages } from './request.js';

const hi: ChatRequest = { messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }] };
const json = { type: 'json_object' } as const;
const place = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const schema = { type: 'json_schema', name: 'place', description: 'A place.', schema: place } as const;
const f = { name: 'f', parameters: { type: 'object' } };
const write = (request: Partial<ChatRequest>, model = 'claude-sonnet-4-5') =>
  writeAnthropicMessages({ ...hi, ...request }, { model, stream: false });
const alone = { type: 'tool', name: 'json_answer', disable_parallel_tool_use: true };

describe('an answer in JSON is asked for', () => {
  it.each<[string, Partial<ChatRequest>, string, unknown]>([
    ['by a forced tool', { responseFormat: json }, 'claude-sonnet-4-5', alone],
    ['beside tools by any of them', { responseFormat: json, tools: [f] }, 'claude-sonnet-4-5', { type: 'any' }],
    [
      'one tool at a time',
      { responseFormat: json, tools: [f], parallelToolCalls: false },
      'claude-sonnet-4-5',
      { type: 'any', disable_parallel_tool_use: true },
    ],
    [
      'forced where the other tools must not be called',
      { responseFormat: json, tools: [f], toolChoice: 'none' },
      'claude-sonnet-4-5',
      { type: 'tool', name: 'json_answer' },
    ],
    [
      'unforced while the model thinks',
      { responseFormat: json, reasoning: { effort: 'low' } },
      'claude-sonnet-4-5',
      undefined,
    ],
    ['unforced of a model that always thinks', { responseFormat: json }, 'claude-mythos-preview', undefined],
    [
      'by a tool of the schema where there is no format',
      { responseFormat: schema },
      'claude-3-5-haiku-20241022',
      alone,
    ],
  ])('%s', (_name, request, model, choice) => {
    const { body, unsupported, answerTool } = write(request, model);
    expect(unsupported).toEqual([]);
    expect(answerTool).toBe('json_answer');
    expect(body['tool_choice']).toEqual(choice);
    expect(body['tools']).toEqual([
      ...(request.tools ?? []).map(({ name }) => expect.objectContaining({ name })),
      {
        name: 'json_answer',
        description: expect.stringContaining(request.responseFormat === schema ? 'A place.' : 'as JSON'),
        input_schema: request.responseFormat === schema ? place : { type: 'object', additionalProperties: true },
      },
    ]);
    expect(body).not.toHaveProperty('output_config.format');
  });

  it('by the format itself where the model has one', () => {
    const { body, answerTool } = write({ responseFormat: schema });
    expect(answerTool).toBeUndefined();
    expect(body).toMatchObject({ output_config: { format: { type: 'json_schema' } } });
    expect(body).not.toHaveProperty('tools');
  });

  it.each(['required', { name: 'f' }] as const)('not at all where the client forces a tool: %j', (toolChoice) => {
    const { body, unsupported, answerTool } = write({ responseFormat: json, tools: [f], toolChoice });
    expect([answerTool, unsupported]).toEqual([undefined, []]);
    expect(body['tools']).toHaveLength(1);
  });

  it.each<[string, Partial<ChatRequest>, string]>([
    ['a schema of no object', { responseFormat: { ...schema, schema: { type: 'array' } } }, 'claude-3-opus-20240229'],
    [
      'thinking beside tools that must not be called',
      { responseFormat: json, tools: [f], toolChoice: 'none', reasoning: { effort: 'low' } },
      'claude-sonnet-4-5',
    ],
  ])('refused by name: %s', (_name, request, model) => {
    expect(write(request, model).unsupported).toEqual(['response_format']);
  });

  it('under another name where the client has a tool of this one', () => {
    const { answerTool } = write({ responseFormat: json, tools: [{ name: 'json_answer' }] });
    expect(answerTool).toBe('json_answer_');
  });
});

const encoder = new TextEncoder();
const event = (item: { readonly type: string } & Record<string, unknown>) =>
  `event: ${item.type}\ndata: ${JSON.stringify(item)}\n\n`;

interface Block {
  readonly name?: string;
  readonly text?: string;
  readonly input?: Readonly<Record<string, unknown>>;
}
const contentOf = ({ name, text, input }: Block, index: number) =>
  name === undefined ? { type: 'text', text: text ?? '' } : { type: 'tool_use', id: `t${index}`, name, input };

/** The message as a whole, and as the bytes of its stream. */
function message(blocks: readonly Block[], reason: string): { whole: string; bytes: Uint8Array } {
  const usage = { input_tokens: 5, output_tokens: 7 };
  const head = { id: 'm', type: 'message', role: 'assistant', model: 'claude', usage };
  const deltas = blocks.flatMap((block, index) => {
    const content = contentOf(block, index);
    const empty = content.type === 'text' ? { type: 'text', text: '' } : { ...content, input: {} };
    const text = block.name === undefined ? (block.text ?? '') : JSON.stringify(block.input);
    const pieces = text === '{}' ? [] : [text.slice(0, 4), text.slice(4)];
    return [
      event({ type: 'content_block_start', index, content_block: empty }),
      ...pieces.map((piece) => {
        const delta =
          block.name === undefined
            ? { type: 'text_delta', text: piece }
            : { type: 'input_json_delta', partial_json: piece };
        return event({ type: 'content_block_delta', index, delta });
      }),
      event({ type: 'content_block_stop', index }),
    ];
  });
  const stream = [
    event({ type: 'message_start', message: { ...head, content: [] } }),
    ...deltas,
    event({ type: 'message_delta', delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 7 } }),
    event({ type: 'message_stop' }),
  ];
  const whole = JSON.stringify({ ...head, content: blocks.map(contentOf), stop_reason: reason, stop_sequence: null });
  return { whole, bytes: encoder.encode(stream.join('')) };
}

const options = { makeId: () => 'toolu_made', answerTool: 'json_answer' };
const answer = { name: 'json_answer', input: { city: 'Brno', n: [1, { x: null }] } };
const said = JSON.stringify(answer.input);

describe('an answer in JSON is read', () => {
  it.each<[string, readonly Block[], string, object]>([
    ['as text that stops', [answer], 'tool_use', { text: said, calls: [], finish: 'stop' }],
    ['without what was said before it', [{ text: 'Here:' }, answer], 'tool_use', { text: said, finish: 'stop' }],
    ['as text that was cut', [answer], 'max_tokens', { text: said, finish: 'length' }],
    ['of no properties', [{ name: 'json_answer', input: {} }], 'tool_use', { text: '{}', finish: 'stop' }],
    ['once', [answer, answer], 'tool_use', { text: said, calls: [], finish: 'stop' }],
    ['from plain text, where no tool was called', [{ text: said }], 'end_turn', { text: said, finish: 'stop' }],
    [
      "beside a call of the client's own tool",
      [{ name: 'f', input: { a: 1 } }],
      'tool_use',
      { text: '', calls: [{ name: 'f', arguments: '{"a":1}' }], finish: 'tool_calls' },
    ],
    [
      'text and calls, where there is no answer',
      [{ text: 'Let me look.' }, { name: 'f', input: { a: 1 } }],
      'tool_use',
      { text: 'Let me look.', finish: 'tool_calls' },
    ],
  ])('%s, whole and in any cut', (_name, blocks, reason, expected) => {
    const { whole, bytes } = message(blocks, reason);
    expect(summary(readAnthropicAnswer(whole, options))).toMatchObject({ ...expected, ended: 'end' });
    for (const cut of cutsOf([bytes])) {
      expect(summary(drain(new AnthropicDecoder(options), cut))).toMatchObject({ ...expected, ended: 'end' });
    }
  });

  it('says end_turn to clients of Anthropic, not tool_use', () => {
    const events = readAnthropicAnswer(message([answer], 'tool_use').whole, options);
    expect(events).toContainEqual(expect.objectContaining({ type: 'finish', native: 'end_turn' }));
  });

  it('gives back any object, cut anywhere', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(), (input, at) => {
        const { bytes } = message([{ name: 'json_answer', input }], 'tool_use');
        const cut = at % bytes.length;
        const { text } = summary(drain(new AnthropicDecoder(options), [bytes.slice(0, cut), bytes.slice(cut)]));
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(input)));
      }),
    );
  });
});
