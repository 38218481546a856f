/** Requests and answers with tools of Anthropic's own, for tests. */
import { ChatRequest } from '../neutral/chat-request.js';
import { writeOllamaChat } from '../ollama/request.js';
import { writeAnthropicMessages } from '../upstream-anthropic/request.js';
import { writeOpenAiChat } from '../upstream-openai/request.js';
import { parseMessagesBody } from './messages.js';

export const search = {
  type: 'web_search_20250305',
  name: 'web_search',
  max_uses: 3,
  user_location: { type: 'approximate' },
};
export const bash = { type: 'bash_20250124', name: 'bash' };
export const own = { name: 'f', input_schema: { type: 'object' }, defer_loading: true };

const call = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'lamps' } };
const found = {
  type: 'web_search_tool_result',
  tool_use_id: 'srvtoolu_1',
  content: [{ type: 'web_search_result', url: 'https://a.example', title: 'A', encrypted_content: 'xyz' }],
};
const source = { type: 'web_search_result_location', url: 'https://a.example', title: 'A', encrypted_index: 'i' };
export const content = [
  { type: 'text', text: 'I look.' },
  call,
  found,
  { type: 'text', text: 'In short: ' },
  { type: 'text', text: 'lit.', citations: [source] },
];
export const usage = { input_tokens: 5, output_tokens: 9, server_tool_use: { web_search_requests: 1 } };
export const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'c',
  content,
  stop_reason: 'end_turn',
  usage,
};
export const options = { id: 'msg_x', created: 1, model: 'm', includeUsage: true };
export const makeId = () => 'toolu_made';

function request(fields: object): ChatRequest {
  const messages = [{ role: 'user', content: 'Hi' }];
  const result = parseMessagesBody({ model: 'm', max_tokens: 9, messages, ...fields });
  if (result.kind === 'invalid') throw new Error(result.message);
  return ChatRequest.parse(result.value.request);
}

export const toAnthropic = (fields: object) =>
  writeAnthropicMessages(request(fields), { model: 'claude-sonnet-4-5', stream: false }).body;

export const toOthers = (fields: object) => [
  writeOllamaChat(request(fields), { model: 'm', stream: false }),
  writeOpenAiChat(request(fields), { model: 'm', stream: false, flavour: 'openai' }),
];

export function bytesOf(events: readonly object[]): Uint8Array {
  const text = events.map((event) => `event: x\ndata: ${JSON.stringify(event)}\n\n`).join('');
  return new TextEncoder().encode(text);
}

const piece = (index: number, delta: object) => ({ type: 'content_block_delta', index, delta });
export const block = (index: number, start: object, ...deltas: object[]) => [
  { type: 'content_block_start', index, content_block: start },
  ...deltas.map((delta) => piece(index, delta)),
  { type: 'content_block_stop', index },
];
export const streamed = bytesOf([
  { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
  ...block(0, { type: 'text', text: '' }, { type: 'text_delta', text: 'I look.' }),
  ...block(
    1,
    { ...call, input: {} },
    { type: 'input_json_delta', partial_json: '' },
    { type: 'input_json_delta', partial_json: '{"query":' },
    { type: 'input_json_delta', partial_json: '"lamps"}' },
  ),
  ...block(2, found),
  ...block(3, { type: 'text', text: '' }, { type: 'text_delta', text: 'In short: ' }),
  ...block(
    4,
    { type: 'text', text: '', citations: [] },
    { type: 'citations_delta', citation: source },
    { type: 'text_delta', text: 'lit.' },
  ),
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
  { type: 'message_stop' },
]);

/** What a client gathers from the events of a stream. */
export function gathered(text: string): unknown[] {
  const blocks: Record<string, unknown>[] = [];
  let input = '';
  for (const line of text.split('\n').filter((each) => each.startsWith('data: '))) {
    const { type, index = 0, content_block: start, delta } = JSON.parse(line.slice(6));
    if (type === 'content_block_start') blocks[index] = { ...start };
    const current = blocks[index] ?? {};
    if (delta?.type === 'text_delta') current['text'] = `${String(current['text'])}${String(delta.text)}`;
    if (delta?.type === 'citations_delta') current['citations'] = [...[current['citations']].flat(), delta.citation];
    if (delta?.type === 'input_json_delta') input += String(delta.partial_json);
    if (type === 'content_block_stop' && input !== '') {
      current['input'] = JSON.parse(input);
      input = '';
    }
  }
  return blocks;
}
