/** What upstreams of each kind answer when they refuse, and which of the gateway's errors that is. */
import type { Refusal } from '#testing';
import type { BackendName } from '../compat/matrix/backends.js';

/** What no client may ever read. */
const secret = 'sk-proj-Abcdef0123456789abcdef';
const address = 'http://10.20.30.40:11434/v1';
export const leak = `Failed at ${address} (10.20.30.40) with key ${secret} for org-Abc123def456.`;
export const leaks = /sk-proj|10\.20\.30\.40|org-Abc|127\.0\.0\.1|localhost/;

const openAi = (status: number, message: string, more: object = {}, headers: Record<string, string> = {}): Refusal => ({
  status,
  body: { error: { message, type: 'x', param: null, code: null, ...more } },
  headers,
});
const openRouter = (code: number, message: string, metadata: object = {}): Refusal => ({
  status: code,
  body: { error: { code, message, metadata } },
});
const anthropic = (status: number, type: string, message: string, headers: Record<string, string> = {}): Refusal => ({
  status,
  body: { type: 'error', error: { type, message } },
  headers,
});
const ollama = (status: number, error: string): Refusal => ({ status, body: { error } });

/** An upstream's refusal, and the gateway's error for it. */
export interface RefusalCase {
  readonly refuse: Refusal;
  readonly status: number;
  readonly code: string;
  readonly retryAfter?: boolean;
}

const invalid = { status: 400, code: 'invalid_request' };
const tooLong = { status: 400, code: 'context_length_exceeded' };
const broken = { status: 502, code: 'upstream_error' };
const gone = { status: 503, code: 'no_healthy_backend' };
const busy = { status: 503, code: 'backend_overloaded' };
const late = { status: 504, code: 'upstream_timeout' };
const large = { status: 413, code: 'request_too_large' };
const limited = { status: 429, code: 'rate_limit_exceeded', retryAfter: true };
const wait = { 'retry-after': '7' };

const openAiCases: readonly RefusalCase[] = [
  { refuse: openAi(400, leak), ...invalid },
  {
    refuse: openAi(400, 'Unknown parameter', { code: 'unknown_parameter', param: 'x' }),
    status: 400,
    code: 'unsupported_parameter',
  },
  { refuse: openAi(400, "This model's maximum context length is 10 tokens."), ...tooLong },
  { refuse: openAi(400, 'Refused.', { code: 'content_filter' }), status: 400, code: 'content_policy_violation' },
  { refuse: openAi(401, leak, { code: 'invalid_api_key' }), ...broken },
  { refuse: openAi(402, leak), ...broken },
  { refuse: openAi(403, leak), ...broken },
  { refuse: openAi(404, 'The model `m` does not exist', { code: 'model_not_found' }), ...gone },
  { refuse: { status: 404, body: `<html>nginx ${address}</html>` }, ...broken },
  { refuse: openAi(408, leak), ...late },
  { refuse: openAi(409, leak), ...broken },
  { refuse: openAi(413, leak), ...large },
  { refuse: openAi(422, leak), ...invalid },
  { refuse: openAi(429, leak, { code: 'rate_limit_exceeded' }, wait), ...limited },
  { refuse: openAi(429, leak, { type: 'insufficient_quota', code: 'insufficient_quota' }), ...broken },
  { refuse: openAi(500, leak), ...broken },
  { refuse: { status: 502, body: `<html>${leak}</html>` }, ...broken },
  { refuse: { status: 503, body: '' }, ...busy },
  { refuse: openAi(504, leak), ...late },
  { refuse: openAi(529, leak), ...busy },
];

export const refusals: Readonly<Record<BackendName, readonly RefusalCase[]>> = {
  openai: openAiCases,
  engine: openAiCases,
  openrouter: [
    { refuse: openRouter(400, 'x is not a valid model ID'), ...gone },
    { refuse: openRouter(401, leak), ...broken },
    { refuse: openRouter(402, leak), ...broken },
    { refuse: openRouter(403, 'Flagged.', { reasons: ['violence'] }), status: 400, code: 'content_policy_violation' },
    { refuse: openRouter(404, 'No endpoints found for m'), ...gone },
    { refuse: openRouter(408, leak), ...late },
    { refuse: openRouter(429, leak, { headers: { 'Retry-After': '7' } }), ...limited },
    { refuse: openRouter(502, 'Provider returned error', { raw: leak }), ...broken },
    { refuse: openRouter(503, leak), ...busy },
    { refuse: openRouter(529, leak), ...busy },
    { refuse: { status: 200, body: { error: { code: 502, message: leak } } }, ...broken },
  ],
  anthropic: [
    { refuse: anthropic(400, 'invalid_request_error', leak), ...invalid },
    { refuse: anthropic(400, 'invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum'), ...tooLong },
    {
      refuse: anthropic(400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
      ...broken,
    },
    { refuse: anthropic(401, 'authentication_error', leak), ...broken },
    { refuse: anthropic(403, 'permission_error', leak), ...broken },
    { refuse: anthropic(404, 'not_found_error', 'model: claude-sonnet-4-5'), ...gone },
    { refuse: anthropic(413, 'request_too_large', leak), ...large },
    { refuse: anthropic(429, 'rate_limit_error', leak, wait), ...limited },
    { refuse: anthropic(500, 'api_error', leak), ...broken },
    { refuse: anthropic(504, 'timeout_error', leak), ...late },
    { refuse: anthropic(529, 'overloaded_error', leak), ...busy },
  ],
  ollama: [
    { refuse: ollama(400, leak), ...invalid },
    {
      refuse: ollama(
        400,
        JSON.stringify({
          error: {
            code: 400,
            message: 'request (9 tokens) exceeds the available context size (8 tokens)',
            type: 'exceed_context_size_error',
          },
        }),
      ),
      ...tooLong,
    },
    { refuse: ollama(401, leak), ...broken },
    { refuse: ollama(404, "model 'm:1b' not found"), ...gone },
    { refuse: ollama(500, `llama-server process has terminated: ${leak}`), ...broken },
    { refuse: ollama(503, 'server busy, please try again.  maximum pending requests exceeded'), ...busy },
    { refuse: { status: 502, body: `<html>${leak}</html>` }, ...broken },
  ],
};
