/** OpenAI's chat answers, whole and as events, with the differences of those who imitate them. Pure. */
import type { StreamPlan } from './answer.js';
import { piecesOf, type Behaviour } from './behaviour.js';

/** Whose OpenAI API it is. `generic` stands for LM Studio, llama.cpp, vLLM: OpenAI's shape without its extras. */
export type Flavour = 'openai' | 'openrouter' | 'ollama' | 'generic';

export interface ChatContext {
  readonly flavour: Flavour;
  readonly id: string;
  readonly model: string;
  /** Seconds. */
  readonly created: number;
  readonly behaviour: Behaviour;
  readonly promptTokens: number;
  readonly limit: number | undefined;
  readonly includeUsage: boolean;
  /** Where an OpenRouter answer has its price from, USD. */
  readonly cost: number;
}

type Json = Record<string, unknown>;

export const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;

function head(context: ChatContext, object: string): Json {
  const { flavour, id, created, model } = context;
  const provider = flavour === 'openrouter' ? { provider: 'Fake' } : {};
  const print = flavour === 'generic' || flavour === 'openrouter' ? {} : { system_fingerprint: `fp_${flavour}` };
  return {
    id,
    object,
    created,
    model,
    ...provider,
    ...(flavour === 'openai' ? { service_tier: 'default' } : {}),
    ...print,
  };
}

/** The name that a flavour gives to thoughts. */
function thoughtField(flavour: Flavour): string {
  return flavour === 'generic' ? 'reasoning_content' : 'reasoning';
}

function toolCalls(context: ChatContext): { id: string; name: string; text: string }[] {
  return (context.behaviour.toolCalls ?? []).map((call, index) => ({
    id: `call_${context.id.slice(-6)}${index}`,
    name: call.name,
    text: JSON.stringify(call.arguments),
  }));
}

/** One delta for each piece; the arguments of a tool call come in fragments. */
function deltas(context: ChatContext): Json[] {
  const { thinking, text } = piecesOf(context.behaviour);
  const parts: Json[] = [
    ...thinking.map((piece) => ({ [thoughtField(context.flavour)]: piece })),
    ...text.map((piece) => ({ content: piece })),
  ];
  for (const [index, call] of toolCalls(context).entries()) {
    const first = { index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } };
    parts.push({ tool_calls: [first] });
    for (let at = 0; at < call.text.length; at += 5) {
      parts.push({ tool_calls: [{ index, function: { arguments: call.text.slice(at, at + 5) } }] });
    }
  }
  return context.limit === undefined ? parts : parts.slice(0, context.limit);
}

function finishReason(context: ChatContext): string {
  if (context.behaviour.finish !== undefined) return context.behaviour.finish;
  const all = deltas({ ...context, limit: undefined }).length;
  if (context.limit !== undefined && all > context.limit) return 'length';
  return context.behaviour.toolCalls === undefined ? 'stop' : 'tool_calls';
}

/** Tokens of an answer that is sent to its end. */
export function chatOutputTokens(context: ChatContext): number {
  return context.behaviour.outputTokens ?? deltas(context).length;
}

/** The usage object; OpenRouter's has the cost in it. */
export function chatUsage(context: ChatContext): Json {
  const output = chatOutputTokens(context);
  const base = {
    prompt_tokens: context.promptTokens,
    completion_tokens: output,
    total_tokens: context.promptTokens + output,
  };
  if (context.flavour === 'ollama') return base;
  const details = {
    prompt_tokens_details: { cached_tokens: context.behaviour.cachedTokens ?? 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: context.behaviour.thinking?.length ?? 0, audio_tokens: 0 },
  };
  if (context.flavour !== 'openrouter') return { ...base, ...details };
  return {
    ...base,
    cost: context.cost,
    is_byok: false,
    cost_details: { upstream_inference_cost: null },
    ...details,
  };
}

/** The stream of a chat completion. */
export function chatPlan(context: ChatContext): StreamPlan {
  const { flavour } = context;
  const native = flavour === 'openrouter' ? { native_finish_reason: null } : {};
  const usageNull = context.includeUsage && flavour === 'openai' ? { usage: null } : {};
  const chunk = (delta: Json, finish: string | null) =>
    event({
      ...head(context, 'chat.completion.chunk'),
      choices: [
        { index: 0, delta, ...(flavour === 'openai' ? { logprobs: null } : {}), finish_reason: finish, ...native },
      ],
      ...usageNull,
    });
  const isRoleFirst = flavour === 'openai' || flavour === 'generic';
  const role = { role: 'assistant', content: '' };
  const opening = isRoleFirst ? [chunk(flavour === 'openai' ? { ...role, refusal: null } : role, null)] : [];
  const comment = ': OPENROUTER PROCESSING\n\n';
  const pieces = deltas(context).map((delta, index) => {
    const isRoleHere = flavour === 'openrouter' || (flavour === 'ollama' && index === 0);
    return (
      (flavour === 'openrouter' && index === 1 ? comment : '') + chunk(isRoleHere ? { ...role, ...delta } : delta, null)
    );
  });
  const usage = event({ ...head(context, 'chat.completion.chunk'), choices: [], usage: chatUsage(context) });
  const closing = [chunk({}, finishReason(context))];
  if (context.includeUsage || flavour === 'openrouter') closing.push(usage);
  return {
    contentType: 'text/event-stream',
    opening: flavour === 'openrouter' ? [comment, comment] : opening,
    pieces,
    closing: [...closing, 'data: [DONE]\n\n'],
    failure: (message) => streamFailure(context, message),
  };
}

function streamFailure(context: ChatContext, message: string): string {
  switch (context.flavour) {
    case 'openrouter':
      return event({
        ...head(context, 'chat.completion.chunk'),
        error: { code: 502, message, metadata: { error_type: 'provider_unavailable' } },
        choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      });
    // Ollama's layer loses the error: an empty chunk, and the end.
    case 'ollama':
      return event({
        ...head(context, 'chat.completion.chunk'),
        choices: [{ index: 0, delta: { content: '' }, finish_reason: null }],
      });
    case 'openai':
    case 'generic':
      return event({ error: { message, type: 'server_error', param: null, code: null } });
  }
}

/** The whole answer. */
export function chatWhole(context: ChatContext): Json {
  const { thinking, text } = piecesOf(context.behaviour);
  const calls = toolCalls(context).map(({ id, name, text: args }, index) => ({
    ...(context.flavour === 'ollama' ? { index } : {}),
    id,
    type: 'function',
    function: { name, arguments: args },
  }));
  const shown = context.limit ?? Infinity;
  const content = text.slice(0, Math.max(0, shown - thinking.length)).join('');
  const message = {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(context.flavour === 'openai' ? { refusal: null, annotations: [] } : {}),
    ...(thinking.length === 0 ? {} : { [thoughtField(context.flavour)]: thinking.slice(0, shown).join('') }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  };
  const finish = finishReason(context);
  const extra = context.flavour === 'openrouter' ? { native_finish_reason: finish } : {};
  const logprobs = context.flavour === 'openai' ? { logprobs: null } : {};
  return {
    ...head(context, 'chat.completion'),
    choices: [{ index: 0, message, ...logprobs, finish_reason: finish, ...extra }],
    usage: chatUsage(context),
  };
}
