/** `signalbox:`, the gateway's own settings. A key that is not here is an error. */
import { z } from 'zod';
import { dataPolicies } from '#contracts';
import { choice, duration, flag, limit, names, seconds, special, text } from './value-types.js';

export const SignalboxSettings = z.strictObject({
  first_token_timeout: seconds(
    'A host that is alive but has sent nothing after this loses the request to the next one; 0 = off',
    '0',
  ),
  load_timeout: seconds('Wait for a cold model to be loaded', '300'),
  context_overflow: choice(['reject', 'truncate'], 'What happens to a prompt that fits nowhere', { default: 'reject' }),
  unknown_model: choice(['reject', 'default'], '`default` sends unknown names to default_fallbacks', {
    default: 'reject',
  }),
  cors_origins: names('Origins that browsers may call from', { default: 'any; without a master key loopback only' }),
  timezone: text('IANA name; budgets begin anew in it', { default: "the machine's" }),
  cache_scope: choice(['key', 'team', 'all'], 'Who shares cached answers', { default: 'team' }),
  savings_reference: text('Cloud model that local answers are compared with', { default: 'gpt-4o' }),
  keep_warm: names('Models that stay loaded on their Ollama hosts'),
  auto_pull: flag('Pull a missing model on an Ollama host'),
  max_model_wait: seconds('Longest wait for a model that is not loaded while others are served', '20'),
  max_queue_length: limit('Requests that may wait for one host', { default: '256' }),
  queue_comments: flag('Streams hear their place in the queue, as SSE comments', 'true'),
  trace_content: choice(
    ['none', 'span', 'hash'],
    'Prompts and answers in traces, of keys with `logging: full`: as they are, or as hashes',
    { default: 'none' },
  ),
  usage_span: choice(['link', 'child'], 'How a usage event joins the trace of its request', { default: 'link' }),
  metrics_semconv: flag("Metrics of OpenTelemetry's GenAI conventions too, beside the gateway's own"),
  alert_thresholds: special(z.array(z.number().positive()), 'Shares of a budget that are reported', {
    unit: 'percent',
    default: '50, 80, 95, 100',
  }),
  spend_retention: duration('How long single requests are kept; totals stay', { default: 'for ever' }),
  prompt_retention: duration('How long prompts are kept, for keys with `logging: full`', { default: '30d' }),
  admin_listener: text('`HOST:PORT` of its own for the admin API', { default: 'the main port' }),
  data_policy: special(z.record(z.string(), z.enum(dataPolicies)), 'Data policy by provider, where a model has none', {
    default: 'see Data policies',
  }),
  host_parallel_requests: special(
    z.record(z.string(), z.number().int().positive()),
    'Requests that run at once on a local host, by its api_base',
    { default: 'the largest max_parallel_requests there, else OLLAMA_NUM_PARALLEL, else 1' },
  ),
});
