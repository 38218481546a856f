/** The tools of Codex 0.169 as it sends them, and free-form ones, through a request, an answer and the next request. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { StreamEvent } from '../neutral/stream-event.js';
import { eventData, options, serve } from '../openai/answers.fixtures.js';
import { collectAnswer } from '../openai/collect-answer.js';
import { createEncoder, encodeWhole } from '../openai/create-encoder.js';
import { parseResponsesBody } from './request.js';
import { openInput, sealInput } from './tools.js';

const object = (properties: object) => ({ type: 'object', properties, additionalProperties: false });

/** Of a turn of `codex exec`, texts cut. */
const codexRequest = {
  model: 'm',
  stream: true,
  input: [
    { type: 'message', id: 'msg_1', role: 'developer', content: [{ type: 'input_text', text: 'You are Codex.' }] },
    { type: 'message', id: 'msg_2', role: 'user', content: [{ type: 'input_text', text: 'Do it' }] },
  ],
  tools: [
    { type: 'function', name: 'exec_command', description: 'Runs', strict: false, parameters: object({ cmd: {} }) },
    {
      type: 'namespace',
      name: 'multi_agent_v1',
      description: 'Tools for spawning and managing sub-agents.',
      tools: [
        { type: 'function', name: 'close_agent', strict: false, parameters: object({ target: {} }) },
        { type: 'function', name: 'spawn_agent', strict: false, parameters: object({ message: {} }) },
      ],
    },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'Edits files.',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "*** Begin Patch"' },
    },
    { type: 'web_search', external_web_access: false },
  ],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  reasoning: { summary: 'auto' },
  store: false,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '01a1fde4',
  client_metadata: { session_id: '01a1fde4' },
};

function parsed(body: object) {
  const result = parseResponsesBody(body);
  if (result.kind === 'invalid') throw new Error(result.message);
  return result.value;
}

const called = (index: number, name: string, args: string): StreamEvent[] => [
  { type: 'tool-call-start', choice: 0, index, id: `call_${index}`, name },
  { type: 'tool-call-delta', choice: 0, index, arguments: args.slice(0, 5) },
  { type: 'tool-call-delta', choice: 0, index, arguments: args.slice(5) },
];
const patch = '*** Begin Patch\n"quoted"\n*** End Patch';
const events: StreamEvent[] = [
  ...called(0, 'exec_command', '{"cmd":"ls"}'),
  ...called(1, 'multi_agent_v1__spawn_agent', '{"message":"go"}'),
  ...called(2, 'apply_patch', sealInput(patch)),
  { type: 'finish', choice: 0, reason: 'tool_calls' },
];
const calls = [
  { type: 'function_call', call_id: 'call_0', name: 'exec_command', arguments: '{"cmd":"ls"}' },
  {
    type: 'function_call',
    call_id: 'call_1',
    name: 'spawn_agent',
    namespace: 'multi_agent_v1',
    arguments: '{"message":"go"}',
  },
  { type: 'custom_tool_call', call_id: 'call_2', name: 'apply_patch', input: patch },
];

describe('tools of the Responses API', () => {
  it('become functions of their own: those of a namespace and those that take text; hosted ones are left out', () => {
    const { tools } = parsed(codexRequest).request;
    expect(tools).toMatchObject([
      { name: 'exec_command' },
      { name: 'multi_agent_v1__close_agent', parameters: object({ target: {} }) },
      { name: 'multi_agent_v1__spawn_agent' },
      {
        name: 'apply_patch',
        description: 'Edits files.\n\nThe input must follow this grammar:\nstart: "*** Begin Patch"',
        parameters: { type: 'object', properties: { input: { type: 'string' } }, required: ['input'] },
      },
    ]);
  });

  it('are called by the names that the client gave them, streamed', async () => {
    const settings = parsed(codexRequest).answerSettings;
    const encoder = createEncoder('openai-responses', { ...options, ...(settings === undefined ? {} : { settings }) });
    const parts = events.map((event) => encoder.push(event) ?? new Uint8Array());
    const bytes = Buffer.concat([...parts, encoder.finish()]);
    const data = eventData(bytes) as Record<string, unknown>[];
    const of = (type: string) => data.filter((event) => event['type'] === type);
    expect(of('response.output_item.done').map((event) => event['item'])).toMatchObject(calls);
    expect(of('response.output_item.added').at(-1)?.['item']).toMatchObject({ type: 'custom_tool_call', input: '' });
    expect(of('response.custom_tool_call_input.delta').map((event) => event['delta'])).toEqual([patch]);
    expect(of('response.custom_tool_call_input.done')).toMatchObject([{ input: patch, output_index: 2 }]);
    expect(of('response.function_call_arguments.done')).toHaveLength(2);
    const client = new OpenAI({ apiKey: 'sk', baseURL: 'http://g/v1', fetch: serve(bytes, 'text/event-stream') });
    const response = await client.responses.stream({ model: 'm', input: 'x' }).finalResponse();
    expect(response.output).toMatchObject(calls);
  });

  it('are called by those names in a whole answer, and their calls and results are understood when they come back', () => {
    const settings = parsed(codexRequest).answerSettings;
    const shown = encodeWhole('openai-responses', collectAnswer(events), {
      ...options,
      ...(settings === undefined ? {} : { settings }),
    });
    const { output } = JSON.parse(Buffer.from(shown).toString('utf8')) as { output: object[] };
    expect(output).toMatchObject(calls);
    const results = [
      { type: 'function_call_output', call_id: 'call_0', output: 'a' },
      { type: 'function_call_output', call_id: 'call_1', output: 'b' },
      { type: 'custom_tool_call_output', call_id: 'call_2', output: 'Done' },
    ];
    const { messages } = parsed({ ...codexRequest, input: [...codexRequest.input, ...output, ...results] }).request;
    expect(messages.slice(2)).toMatchObject([
      {
        role: 'assistant',
        toolCalls: [
          { name: 'exec_command', arguments: '{"cmd":"ls"}' },
          { name: 'multi_agent_v1__spawn_agent', arguments: '{"message":"go"}' },
          { name: 'apply_patch', arguments: JSON.stringify({ input: patch }) },
        ],
      },
      { role: 'tool', toolName: 'exec_command' },
      { role: 'tool', toolName: 'multi_agent_v1__spawn_agent' },
      { role: 'tool', toolName: 'apply_patch', content: [{ type: 'text', text: 'Done' }] },
    ]);
  });

  it('can be forced by such a name', () => {
    const forced = { type: 'function', namespace: 'multi_agent_v1', name: 'spawn_agent' };
    expect(parsed({ ...codexRequest, tool_choice: forced }).request.toolChoice).toEqual({
      name: 'multi_agent_v1__spawn_agent',
    });
    const custom = { type: 'custom', name: 'apply_patch' };
    expect(parsed({ ...codexRequest, tool_choice: custom }).request.toolChoice).toEqual({ name: 'apply_patch' });
  });

  it('have names that OpenAI takes, however long their namespace is', () => {
    const tools = [
      { type: 'namespace', name: `mcp__${'long'.repeat(20)}__`, tools: [{ type: 'function', name: 'read' }] },
    ];
    const [tool] = parsed({ ...codexRequest, tools }).request.tools ?? [];
    expect(tool?.name).toMatch(/^.{56}long__read$|^.*__read$/);
    expect(tool?.name.length).toBeLessThanOrEqual(64);
  });

  it.each([
    [[{ type: 'web_search' }], 'tools[0].type'],
    [[{ type: 'telepathy' }, { type: 'function', name: 'f' }], 'tools[0].type'],
    [[{ type: 'namespace', name: 'n' }], 'tools[0].tools'],
    [[{ type: 'namespace', name: 'n', tools: [{ type: 'namespace', name: 'm' }] }], 'tools[0].tools[0].type'],
    [[{ type: 'custom' }], 'tools[0].name'],
  ])('refuses %j', (tools, param) => {
    expect(parseResponsesBody({ model: 'm', input: 'x', tools })).toMatchObject({ kind: 'invalid', param });
  });
});

describe('the text of a free-form call', () => {
  it.each([
    ['{"input":"a\\nb"}', 'a\nb'],
    ['"a"', 'a'],
    ['plain words', 'plain words'],
    ['{"patch":"a"}', '{"patch":"a"}'],
    ['{"input":{"a":1}}', '{"a":1}'],
    ['', ''],
  ])('of the arguments %j is %j', (args, input) => {
    expect(openInput(args)).toBe(input);
  });
});
