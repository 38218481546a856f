/**
 * A fake OpenAI-compatible upstream: OpenAI itself, OpenRouter (comments, costs, errors inside a 200), or one of the local
 * engines that imitate OpenAI.
 */
import { answerMedia, readMediaBody } from './openai-media.js';
import { isAnsweredOtherwise, refuse, sendJson, streamAnswer } from './answer.js';
import { Script, countTokens, piecesOf, type Behaviour, type Refusal } from './behaviour.js';
import { FakeServer, type Exchange } from './fake-server.js';
import { vectorOf } from './ollama-answer.js';
import { encoded } from './ollama-v1.js';
import { event, type ChatContext, type Flavour } from './openai-answer.js';
import { sendChat } from './openai-chat.js';
import {
  OpenAiBody,
  openAiRefusal,
  openAiRefusals,
  openRouterRefusal,
  promptTokensOf,
  unknownField,
} from './openai-request.js';

export interface OpenAiUpstreamOptions {
  readonly flavour?: Exclude<Flavour, 'ollama'>;
  /** The only key that is let in; without it any. */
  readonly apiKey?: string;
  /** Model ids; without it every model exists. */
  readonly models?: readonly string[];
  /** More of a model's entry in OpenRouter's list, by its id. */
  readonly listing?: Readonly<Record<string, object>>;
  /** USD per token, for OpenRouter's `cost`. */
  readonly price?: { input: number; output: number };
  readonly embeddingLength?: number;
  /** OpenRouter: the account never bought credits. */
  readonly isFreeTier?: boolean;
}

export class OpenAiUpstream {
  readonly script = new Script();
  readonly server: FakeServer;

  private constructor(private readonly options: OpenAiUpstreamOptions) {
    this.server = new FakeServer((exchange) => this.route(exchange));
  }

  /** Starts an upstream on a free port. */
  static async start(options: OpenAiUpstreamOptions = {}): Promise<OpenAiUpstream> {
    const upstream = new OpenAiUpstream(options);
    await upstream.server.start();
    return upstream;
  }

  /** Its origin; `api_base` is this with `/v1`. */
  get url(): string {
    return this.server.url;
  }

  get requests(): FakeServer['requests'] {
    return this.server.requests;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  private get flavour(): Flavour {
    return this.options.flavour ?? 'openai';
  }

  private async route(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    response.setHeader('x-request-id', `req_${request.number}`);
    if (!this.isLetIn(exchange)) return refuse(response, this.wrongKey());
    const path = request.path.replace(/^\/(api\/)?v1/, '');
    switch (`${request.method} ${path}`) {
      case 'GET /models':
        return sendJson(response, 200, { object: 'list', data: this.listedModels() });
      case 'GET /key': {
        const { isFreeTier = false } = this.options;
        return sendJson(response, 200, { data: { label: 'fake', limit: null, usage: 0, is_free_tier: isFreeTier } });
      }
      case 'POST /chat/completions':
        return this.withModel(exchange, (body, behaviour) => this.chat(exchange, body, behaviour));
      case 'POST /completions':
        return this.withModel(exchange, (body, behaviour) => this.completion(exchange, body, behaviour));
      case 'POST /embeddings':
        return this.withModel(exchange, (body) => this.embeddings(exchange, body));
      case 'POST /rerank':
      case 'POST /moderations':
      case 'POST /audio/speech':
      case 'POST /audio/transcriptions':
      case 'POST /audio/translations':
      case 'POST /images/generations':
      case 'POST /images/edits':
      case 'POST /images/variations':
        return this.media(exchange, path);
      default:
        return refuse(
          response,
          openAiRefusal(404, {
            message: `Invalid URL (${request.method} ${request.path})`,
            type: 'invalid_request_error',
          }),
        );
    }
  }

  private isLetIn({ request }: Exchange): boolean {
    const { apiKey } = this.options;
    return apiKey === undefined || request.headers.authorization === `Bearer ${apiKey}`;
  }

  private wrongKey(): Refusal {
    return this.flavour === 'openrouter'
      ? openRouterRefusal(401, 'No auth credentials found', 'authentication')
      : openAiRefusals.key();
  }

  private listedModels(): Record<string, unknown>[] {
    const { input, output } = this.options.price ?? { input: 0.000001, output: 0.000002 };
    return (this.options.models ?? ['gpt-4o-mini']).map((id) => {
      if (this.flavour !== 'openrouter') return { id, object: 'model', created: 1_700_000_000, owned_by: 'system' };
      const pricing = { prompt: String(input), completion: String(output), request: '0' };
      return {
        id,
        canonical_slug: id,
        name: id,
        created: 1_700_000_000,
        context_length: 128_000,
        pricing,
        ...this.options.listing?.[id],
      };
    });
  }

  /** Reads the body and deals with what is the same for every path. */
  private async withModel(
    exchange: Exchange,
    answer: (body: OpenAiBody, behaviour: Behaviour) => Promise<void>,
  ): Promise<void> {
    const { request, response } = exchange;
    const read = OpenAiBody.safeParse(request.body);
    if (!read.success) {
      const message = 'We could not parse the JSON body of your request.';
      return refuse(response, openAiRefusal(400, { message, type: 'invalid_request_error' }));
    }
    const body = read.data;
    if (this.options.models !== undefined && !this.options.models.includes(body.model)) {
      return refuse(response, this.unknownModel(body.model));
    }
    const isChat = body.messages !== undefined;
    const refusal = isChat && this.flavour === 'openai' ? unknownField(body) : undefined;
    if (refusal !== undefined) return refuse(response, refusal);
    const behaviour = this.script.take(body.model);
    if (await isAnsweredOtherwise(exchange, behaviour)) return;
    await answer(body, behaviour);
  }

  /** Endpoints beside text: a JSON body or a form. */
  private async media(exchange: Exchange, path: string): Promise<void> {
    const body = await readMediaBody(exchange.request);
    const model = body?.fields['model'];
    if (body === null || typeof model !== 'string') {
      const message = 'you must provide a model parameter';
      return refuse(exchange.response, openAiRefusal(400, { message, type: 'invalid_request_error' }));
    }
    if (this.options.models !== undefined && !this.options.models.includes(model)) {
      return refuse(exchange.response, this.unknownModel(model));
    }
    const behaviour = this.script.take(model);
    if (await isAnsweredOtherwise(exchange, behaviour)) return;
    await answerMedia(exchange, path, body, behaviour);
  }

  private unknownModel(model: string): Refusal {
    if (this.flavour === 'openrouter') return openRouterRefusal(400, `${model} is not a valid model ID`, 'bad_request');
    const message = `The model \`${model}\` does not exist or you do not have access to it.`;
    return openAiRefusal(404, { message, type: 'invalid_request_error', code: 'model_not_found' });
  }

  private chat(exchange: Exchange, body: OpenAiBody, behaviour: Behaviour): Promise<void> {
    const promptTokens = behaviour.promptTokens ?? promptTokensOf(body);
    const price = this.options.price ?? { input: 0.000001, output: 0.000002 };
    const context: ChatContext = {
      flavour: this.flavour,
      id: `${this.flavour === 'openrouter' ? 'gen' : 'chatcmpl'}-fake${String(exchange.request.number).padStart(4, '0')}`,
      model: this.flavour === 'openai' ? `${body.model}-2024-07-18` : body.model,
      created: Math.floor(Date.now() / 1_000),
      behaviour,
      promptTokens,
      limit: body.max_completion_tokens ?? body.max_tokens ?? undefined,
      includeUsage: body.stream_options?.include_usage === true,
      cost: promptTokens * price.input + (behaviour.outputTokens ?? piecesOf(behaviour).text.length) * price.output,
    };
    return sendChat(exchange, context, body.stream === true);
  }

  /** Legacy completions: text instead of messages. */
  private async completion(exchange: Exchange, body: OpenAiBody, behaviour: Behaviour): Promise<void> {
    const { request, response } = exchange;
    const { text } = piecesOf(behaviour);
    const promptTokens = behaviour.promptTokens ?? countTokens(String(body.prompt));
    const usage = {
      prompt_tokens: promptTokens,
      completion_tokens: text.length,
      total_tokens: promptTokens + text.length,
    };
    const head = { id: `cmpl-${request.number}`, object: 'text_completion', created: 1_700_000_000, model: body.model };
    const choice = (piece: string, finish: string | null) => ({
      text: piece,
      index: 0,
      logprobs: null,
      finish_reason: finish,
    });
    request.generated = { promptTokens, outputTokens: text.length };
    if (body.stream !== true)
      return sendJson(response, 200, { ...head, choices: [choice(text.join(''), 'stop')], usage });
    const closing = [event({ ...head, choices: [choice('', 'stop')] })];
    const tellsUsage = body.stream_options?.include_usage === true || this.flavour === 'openrouter';
    if (tellsUsage) closing.push(event({ ...head, choices: [], usage }));
    const plan = {
      contentType: 'text/event-stream',
      opening: [],
      pieces: text.map((piece) => event({ ...head, choices: [choice(piece, null)] })),
      closing: [...closing, 'data: [DONE]\n\n'],
      failure: (message: string) => event({ error: { message, type: 'server_error', param: null, code: null } }),
    };
    await streamAnswer(exchange, behaviour, plan, () => {});
  }

  private async embeddings({ request, response }: Exchange, body: OpenAiBody): Promise<void> {
    const inputs: unknown[] = Array.isArray(body.input) ? body.input : [body.input];
    const length = Math.min(body.dimensions ?? Infinity, this.options.embeddingLength ?? 8);
    const data = inputs.map((input, index) => {
      const text = typeof input === 'string' ? input : JSON.stringify(input);
      return { object: 'embedding', index, embedding: encoded(vectorOf(text, length), body) };
    });
    const tokens = inputs.reduce<number>((sum, input) => sum + countTokens(JSON.stringify(input)), 0);
    request.generated = { promptTokens: tokens, outputTokens: 0 };
    sendJson(response, 200, {
      object: 'list',
      data,
      model: body.model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  }
}
