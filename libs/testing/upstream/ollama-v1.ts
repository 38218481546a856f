/** Ollama's own OpenAI layer: /v1/chat/completions, /v1/embeddings, /v1/models. */
import { isAnsweredOtherwise, refuse, sendJson } from './answer.js';
import type { Refusal } from './behaviour.js';
import type { Exchange } from './fake-server.js';
import { vectorOf } from './ollama-answer.js';
import { embeddingTokens } from './ollama-embed.js';
import { busy, contextLengthOf, type OllamaHost } from './ollama-host.js';
import { sendChat } from './openai-chat.js';
import { OpenAiBody, openAiRefusal, promptTokensOf } from './openai-request.js';
import { z } from 'zod';

const notFound = (message: string): Refusal => openAiRefusal(404, { message, type: 'not_found_error' });

/** Answers the paths of the layer; everything else is 404. */
export async function openAiLayer(exchange: Exchange, host: OllamaHost): Promise<void> {
  const { request, response } = exchange;
  switch (`${request.method} ${request.path}`) {
    case 'GET /v1/models': {
      const data = host.names().map((id) => ({ id, object: 'model', created: 1_795_233_184, owned_by: 'library' }));
      return sendJson(response, 200, { object: 'list', data });
    }
    case 'POST /v1/chat/completions':
      return chat(exchange, host);
    case 'POST /v1/embeddings':
      return embeddings(exchange, host);
    default:
      response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
  }
}

async function chat(exchange: Exchange, host: OllamaHost): Promise<void> {
  const { request, response, gone } = exchange;
  const read = OpenAiBody.safeParse(request.body);
  if (!read.success) return refuse(response, openAiRefusal(400, { message: 'EOF', type: 'invalid_request_error' }));
  const body = read.data;
  const model = host.find(body.model);
  if (model === undefined) return refuse(response, notFound(`model '${body.model}' not found`));
  const behaviour = host.behaviour(body.model);
  if (await isAnsweredOtherwise(exchange, behaviour)) return;
  const slot = await host.acquire(body.model, contextLengthOf(model, {}), undefined, gone);
  if (slot === null) return refuse(response, busy);
  const context = {
    flavour: 'ollama',
    id: `chatcmpl-${request.number % 999}`,
    model: body.model,
    created: Math.floor(Date.now() / 1_000),
    behaviour,
    promptTokens: behaviour.promptTokens ?? promptTokensOf(body),
    limit: body.max_tokens ?? undefined,
    includeUsage: body.stream_options?.include_usage === true,
    cost: 0,
  } as const;
  await sendChat(exchange, context, body.stream === true).finally(() => slot.release());
}

async function embeddings(exchange: Exchange, host: OllamaHost): Promise<void> {
  const { request, response } = exchange;
  const body = OpenAiBody.safeParse(request.body).data;
  const model = host.find(body?.model ?? '');
  if (body === undefined || model === undefined) {
    return refuse(response, notFound(`model "${body?.model ?? ''}" not found, try pulling it first`));
  }
  if (await isAnsweredOtherwise(exchange, host.behaviour(body.model))) return;
  const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]).safeParse(body.input).data ?? [];
  const length = Math.min(body.dimensions ?? Infinity, model.embeddingLength ?? 32);
  const data = texts.map((text, index) => ({
    object: 'embedding',
    embedding: encoded(vectorOf(text, length), body),
    index,
  }));
  const tokens = embeddingTokens(texts);
  sendJson(response, 200, {
    object: 'list',
    data,
    model: body.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
}

/** A vector as numbers, or as base64 of little-endian float32 where that was asked for. */
export function encoded(vector: readonly number[], body: OpenAiBody): readonly number[] | string {
  if (body.encoding_format !== 'base64') return vector;
  return Buffer.from(new Float32Array(vector).buffer).toString('base64');
}
