/** Reads a request as Ollama does, with its refusals: the same statuses and words as a real 0.32.15. */
import { z } from 'zod';
import type { Refusal } from './behaviour.js';
import { capabilitiesOf, type OllamaModel } from './ollama-models.js';

const ToolCall = z.object({ function: z.object({ name: z.string(), arguments: z.record(z.string(), z.unknown()) }) });
const Message = z.looseObject({
  role: z.string().optional(),
  content: z.string().nullish(),
  images: z.array(z.string()).nullish(),
  tool_calls: z.array(ToolCall).nullish(),
});

export const OllamaBody = z.looseObject({
  model: z.string().nullish(),
  messages: z.array(Message).nullish(),
  prompt: z.string().nullish(),
  input: z.unknown().optional(),
  stream: z.boolean().nullish(),
  think: z.unknown().optional(),
  format: z.unknown().optional(),
  keep_alive: z.unknown().optional(),
  truncate: z.boolean().nullish(),
  tools: z.array(z.looseObject({ function: z.looseObject({ name: z.string() }) })).nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
  dimensions: z.number().nullish(),
});
export type OllamaBody = z.infer<typeof OllamaBody>;

const integers = new Set(['num_ctx', 'num_predict', 'num_keep', 'seed', 'top_k', 'repeat_last_n', 'num_batch']);
const floats = new Set(['temperature', 'top_p', 'min_p', 'typical_p', 'repeat_penalty', 'presence_penalty']);

/** `{"error": text}`, Ollama's only shape. */
export function ollamaRefusal(status: number, error: string): Refusal {
  return { status, body: { error } };
}

/** Ollama's words for a body that does not fit, 400. */
export function unreadable(issue: z.core.$ZodIssue | undefined, text: string): Refusal {
  if (text === '') return ollamaRefusal(400, 'missing request body');
  if (issue?.code !== 'invalid_type' || issue.path.length === 0) return ollamaRefusal(400, 'unexpected EOF');
  const field = issue.path.filter((part) => typeof part === 'string').join('.');
  const found = /received (\w+)/.exec(issue.message)?.[1] ?? 'object';
  return ollamaRefusal(
    400,
    `json: cannot unmarshal ${found} into Go struct field ChatRequest.${field} of type ${issue.expected}`,
  );
}

/** Options of a wrong type are 500, not 400. */
export function optionRefusal(options: Readonly<Record<string, unknown>>): Refusal | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (value === null) continue;
    const isWrongNumber = typeof value !== 'number';
    if (integers.has(name) && isWrongNumber) return ollamaRefusal(500, `option "${name}" must be of type integer`);
    if (floats.has(name) && isWrongNumber) return ollamaRefusal(500, `option "${name}" must be of type float32`);
    if (name === 'stop' && !Array.isArray(value)) return ollamaRefusal(500, 'option "stop" must be of type array');
  }
  return undefined;
}

/** What the model cannot do, 400; `echoed` is the name as the client wrote it. */
export function capabilityRefusal(model: OllamaModel, echoed: string, body: OllamaBody): Refusal | undefined {
  const can = (capability: string) => capabilitiesOf(model).includes(capability);
  if (!can('completion'))
    return ollamaRefusal(400, `"${echoed}" does not support ${body.messages ? 'chat' : 'generate'}`);
  const wantsThought = body.think === true || (typeof body.think === 'string' && body.think !== '');
  if (typeof body.think === 'string' && !['low', 'medium', 'high', 'max'].includes(body.think)) {
    return ollamaRefusal(400, `invalid think value: "${body.think}" (must be "high", "medium", "low", true, or false)`);
  }
  if (wantsThought && !can('thinking')) return ollamaRefusal(400, `"${echoed}" does not support thinking`);
  if ((body.tools?.length ?? 0) > 0 && !can('tools')) {
    return ollamaRefusal(
      400,
      `registry.ollama.ai/library/${model.name.includes(':') ? model.name : `${model.name}:latest`} does not support tools`,
    );
  }
  if (body.messages?.some((message) => (message.images?.length ?? 0) > 0) === true && !can('vision')) {
    const inner = {
      code: 400,
      message: 'Multimodal data provided, but model does not support multimodal requests.',
      type: 'invalid_request_error',
    };
    return ollamaRefusal(400, JSON.stringify({ error: inner }));
  }
  return formatRefusal(body.format);
}

function formatRefusal(format: unknown): Refusal | undefined {
  const isNone = format === undefined || format === null || format === '' || format === 'json';
  if (isNone || (typeof format === 'object' && !Array.isArray(format))) return undefined;
  const written = JSON.stringify(JSON.stringify(format));
  return ollamaRefusal(500, `invalid format: ${written}; expected "json" or a valid JSON Schema object`);
}

/** The runner's refusal, JSON inside the text, of a prompt that does not fit when `truncate` is false. */
export function contextRefusal(promptTokens: number, contextLength: number): Refusal {
  const message = `request (${promptTokens} tokens) exceeds the available context size (${contextLength} tokens), try increasing it`;
  const error = {
    code: 400,
    message,
    type: 'exceed_context_size_error',
    n_prompt_tokens: promptTokens,
    n_ctx: contextLength,
  };
  return ollamaRefusal(400, JSON.stringify({ error }));
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** keep_alive in milliseconds: a number is seconds, a string a Go duration, negative for ever; or Ollama's refusal. */
export function keepAliveOf(value: unknown): number | undefined | Refusal {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value < 0 ? Infinity : value * 1_000;
  if (typeof value !== 'string')
    return ollamaRefusal(400, `Unsupported type: '${typeof value}'`.replace('boolean', 'bool'));
  if (value === '0') return 0;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== value.replace(/^-/, '')) {
    return ollamaRefusal(400, `time: missing unit in duration "${value}"`);
  }
  if (value.startsWith('-')) return Infinity;
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit ?? ''] ?? 0), 0);
}
