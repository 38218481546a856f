/** Reads requests as OpenAI does, refusing fields it does not know: a gateway that leaks its own fields is found out here. */
import { z } from 'zod';
import { countTokens, type Refusal } from './behaviour.js';

export const OpenAiBody = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })).optional(),
  prompt: z.unknown().optional(),
  input: z.unknown().optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.number().nullish(),
});
export type OpenAiBody = z.infer<typeof OpenAiBody>;

const chatFields = new Set(
  (
    'model messages audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens ' +
    'metadata modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention ' +
    'reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options temperature ' +
    'tool_choice tools top_logprobs top_p user verbosity web_search_options'
  ).split(' '),
);

/** `{"error": {message, type, param, code}}`. */
export function openAiRefusal(
  status: number,
  error: { message: string; type: string; code?: string | null; param?: string | null },
  headers: Record<string, string> = {},
): Refusal {
  const { message, type, code = null, param = null } = error;
  return { status, body: { error: { message, type, param, code } }, headers };
}

/** The refusals that clients and gateways must tell apart, in OpenAI's words. */
export const openAiRefusals = {
  rateLimit: (retryAfterSeconds: number) =>
    openAiRefusal(
      429,
      { message: 'Rate limit reached for requests', type: 'requests', code: 'rate_limit_exceeded' },
      {
        'retry-after': String(retryAfterSeconds),
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': `${retryAfterSeconds}s`,
      },
    ),
  quota: () =>
    openAiRefusal(429, {
      message: 'You exceeded your current quota, please check your plan and billing details.',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    }),
  key: () =>
    openAiRefusal(401, {
      message: 'Incorrect API key provided: sk-up***ream.',
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    }),
  context: () =>
    openAiRefusal(400, {
      message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
      param: 'messages',
    }),
  server: () =>
    openAiRefusal(500, { message: 'The server had an error while processing your request.', type: 'server_error' }),
  overloaded: () =>
    openAiRefusal(503, {
      message: 'The engine is currently overloaded.',
      type: 'service_unavailable_error',
      code: 'server_is_overloaded',
    }),
} as const;

/** OpenRouter's shape: a number as code, and metadata. */
export function openRouterRefusal(
  status: number,
  message: string,
  errorType: string,
  headers: Record<string, string> = {},
): Refusal {
  return { status, body: { error: { code: status, message, metadata: { error_type: errorType } } }, headers };
}

/** The refusal of a field that OpenAI does not know. */
export function unknownField(body: OpenAiBody): Refusal | undefined {
  const field = Object.keys(body).find((name) => !chatFields.has(name));
  if (field !== undefined) {
    return openAiRefusal(400, {
      message: `Unknown parameter: '${field}'.`,
      type: 'invalid_request_error',
      param: field,
      code: 'unknown_parameter',
    });
  }
  if (body.stream_options !== undefined && body.stream_options !== null && body.stream !== true) {
    return openAiRefusal(400, {
      message: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      type: 'invalid_request_error',
      param: 'stream_options',
    });
  }
  return undefined;
}

/** Tokens of a prompt by the fake's own count. */
export function promptTokensOf(body: OpenAiBody): number {
  const text = (body.messages ?? []).map((message) => textOf(message.content)).join(' ');
  return countTokens(text) + 3 * (body.messages?.length ?? 0) + 3;
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = z.array(z.looseObject({ text: z.string().optional() })).safeParse(content).data ?? [];
  return parts.map((part) => part.text ?? '').join(' ');
}
