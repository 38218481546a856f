/** A fake Anthropic API: messages, token counts, models; strict about versions and unknown fields, as the real one. */
import { z } from 'zod';
import { isAnsweredOtherwise, pause, refuse, sendJson, streamAnswer } from './answer.js';
import { messageOutputTokens, messagePlan, messageWhole, type MessageContext } from './anthropic-answer.js';
import { Script, countTokens, piecesOf, type Behaviour, type Refusal } from './behaviour.js';
import { FakeServer, type Exchange } from './fake-server.js';

const MessageBody = z.looseObject({
  model: z.string(),
  max_tokens: z.number().int().positive(),
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant']), content: z.unknown() })).min(1),
  stream: z.boolean().optional(),
});

const fields = new Set(
  (
    'model messages max_tokens system stop_sequences stream temperature top_k top_p tools tool_choice thinking ' +
    'output_config metadata service_tier cache_control container'
  ).split(' '),
);

/** `{"type":"error","error":{type, message},"request_id"}`. */
export function anthropicRefusal(
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): Refusal {
  return { status, body: { type: 'error', error: { type, message }, request_id: 'req_fake' }, headers };
}

/** The refusals that a gateway must tell apart. */
export const anthropicRefusals = {
  overloaded: () => anthropicRefusal(529, 'overloaded_error', 'Overloaded'),
  rateLimit: (retryAfterSeconds: number) =>
    anthropicRefusal(429, 'rate_limit_error', 'This request would exceed your rate limit.', {
      'retry-after': String(retryAfterSeconds),
    }),
  credit: () =>
    anthropicRefusal(400, 'invalid_request_error', 'Your credit balance is too low to access the Anthropic API.'),
  server: () => anthropicRefusal(500, 'api_error', 'Internal server error'),
} as const;

export class AnthropicUpstream {
  readonly script = new Script();
  readonly server: FakeServer;

  private constructor(private readonly options: { apiKey?: string; models?: readonly string[] }) {
    this.server = new FakeServer((exchange) => this.route(exchange));
  }

  /** Starts an upstream on a free port. */
  static async start(options: { apiKey?: string; models?: readonly string[] } = {}): Promise<AnthropicUpstream> {
    const upstream = new AnthropicUpstream(options);
    await upstream.server.start();
    return upstream;
  }

  /** What `api_base` would be. */
  get url(): string {
    return this.server.url;
  }

  get requests(): FakeServer['requests'] {
    return this.server.requests;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private async route(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    response.setHeader('request-id', `req_${request.number}`);
    const refusal = this.doorkeeper(exchange);
    if (refusal !== undefined) return refuse(response, refusal);
    switch (`${request.method} ${request.path}`) {
      case 'GET /v1/models': {
        const data = (this.options.models ?? ['claude-haiku-4-5']).map((id) => ({
          type: 'model',
          id,
          display_name: id,
        }));
        return sendJson(response, 200, { data, has_more: false, first_id: data[0]?.id, last_id: data.at(-1)?.id });
      }
      case 'POST /v1/messages/count_tokens':
        return sendJson(response, 200, { input_tokens: countTokens(request.text) });
      case 'POST /v1/messages':
        return this.messages(exchange);
      default:
        return refuse(response, anthropicRefusal(404, 'not_found_error', 'Not found'));
    }
  }

  private doorkeeper({ request }: Exchange): Refusal | undefined {
    const { apiKey } = this.options;
    const given = request.headers['x-api-key'] ?? request.headers.authorization?.replace(/^Bearer /, '');
    if (apiKey !== undefined && given !== apiKey)
      return anthropicRefusal(401, 'authentication_error', 'invalid x-api-key');
    if (request.headers['anthropic-version'] !== undefined) return undefined;
    return anthropicRefusal(400, 'invalid_request_error', 'anthropic-version: header is required');
  }

  private async messages(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const read = MessageBody.safeParse(request.body);
    if (!read.success) {
      const issue = read.error.issues[0];
      const text = `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'invalid'}`;
      return refuse(response, anthropicRefusal(400, 'invalid_request_error', text));
    }
    const body = read.data;
    const unknown = Object.keys(body).find((name) => !fields.has(name));
    if (unknown !== undefined) {
      const text = `${unknown}: Extra inputs are not permitted`;
      return refuse(response, anthropicRefusal(400, 'invalid_request_error', text));
    }
    if (this.options.models !== undefined && !this.options.models.includes(body.model)) {
      return refuse(response, anthropicRefusal(404, 'not_found_error', `model: ${body.model}`));
    }
    const behaviour = asForced(this.script.take(body.model), body['tool_choice']);
    if (await isAnsweredOtherwise(exchange, behaviour)) return;
    const context: MessageContext = {
      id: `msg_fake${String(request.number).padStart(4, '0')}`,
      model: body.model,
      behaviour,
      promptTokens: behaviour.promptTokens ?? countTokens(JSON.stringify(body.messages)),
      maxTokens: body.max_tokens,
    };
    await send(exchange, context, body.stream === true);
  }
}

/** A forced tool is what the answer comes in: text that is a JSON object becomes its input. */
function asForced(behaviour: Behaviour, choice: unknown): Behaviour {
  const forced = z.looseObject({ type: z.literal('tool'), name: z.string() }).safeParse(choice);
  if (!forced.success || behaviour.toolCalls !== undefined) return behaviour;
  const said = piecesOf(behaviour).text.join('');
  const input = said.startsWith('{') ? z.record(z.string(), z.unknown()).parse(JSON.parse(said)) : { answer: said };
  return { ...behaviour, text: [], toolCalls: [{ name: forced.data.name, arguments: input }] };
}

async function send(exchange: Exchange, context: MessageContext, isStream: boolean): Promise<void> {
  const { request, response, gone } = exchange;
  const { behaviour } = context;
  const log = { promptTokens: context.promptTokens, outputTokens: 0 };
  request.generated = log;
  const planned = messageOutputTokens(context);
  if (isStream) {
    await streamAnswer(exchange, behaviour, messagePlan(context), () => void (log.outputTokens += 1));
    const isWhole = behaviour.breakAfter === undefined && (!gone.aborted || response.writableFinished);
    if (isWhole) log.outputTokens = planned;
    return;
  }
  for (let piece = 0; piece < planned && !gone.aborted; piece += 1) {
    await pause(behaviour.pieceDelayMs, gone);
    log.outputTokens += 1;
  }
  if (gone.aborted) return;
  if (behaviour.breakAfter === undefined) sendJson(response, 200, messageWhole(context), behaviour.headers);
  else if (behaviour.breakAfter.how === 'reset') response.socket?.resetAndDestroy();
  else if (behaviour.breakAfter.how !== 'hang') refuse(response, anthropicRefusals.server());
}
