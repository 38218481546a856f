/** The settings that a response object repeats from its request, as openai-node's `Response` has them. */
import { isJsonObject, type Fields, type JsonObject } from '../openai/fields.js';

const repeated = [
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'parallel_tool_calls',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
  'temperature',
  'tool_choice',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
] as const;

/** What the client said of them. Read after the body was found good. */
export function readEcho(fields: Fields): JsonObject {
  const echo: JsonObject = {};
  for (const name of repeated) {
    const value = fields.raw(name);
    if (value !== undefined) echo[name] = value;
  }
  const tools = fields.array('tools', Infinity);
  if (tools !== undefined) echo['tools'] = tools.map(shownTool);
  const reasoning = fields.record('reasoning');
  if (reasoning !== undefined) echo['reasoning'] = { effort: null, summary: null, ...reasoning };
  const text = fields.record('text');
  if (text !== undefined) echo['text'] = { format: { type: 'text' }, ...text };
  return echo;
}

/** The SDKs' types want `parameters` and `strict` on every function. */
function shownTool(tool: unknown): unknown {
  return isJsonObject(tool) ? { parameters: null, strict: null, ...tool } : tool;
}
