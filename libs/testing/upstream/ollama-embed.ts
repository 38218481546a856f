/** POST /api/embed, and the old /api/embeddings, of a fake Ollama host. */
import { isAnsweredOtherwise, refuse, sendJson } from './answer.js';
import { countTokens } from './behaviour.js';
import type { Exchange } from './fake-server.js';
import { vectorOf } from './ollama-answer.js';
import { busy, contextLengthOf, type OllamaHost } from './ollama-host.js';
import { capabilitiesOf } from './ollama-models.js';
import { OllamaBody, ollamaRefusal } from './ollama-request.js';

const notForEmbeddings = ollamaRefusal(501, 'This server does not support embeddings. Start it with `--embeddings`');

/** Answers a request for vectors. */
export async function embed(exchange: Exchange, host: OllamaHost, kind: 'embed' | 'old'): Promise<void> {
  const { request, response, gone } = exchange;
  const body = OllamaBody.safeParse(request.body).data;
  const name = body?.model ?? '';
  const model = host.find(name);
  if (body === undefined || model === undefined) {
    return refuse(response, ollamaRefusal(404, `model "${name}" not found, try pulling it first`));
  }
  const inputs = textsOf(kind === 'old' ? body.prompt : body.input);
  if (inputs === undefined) return refuse(response, ollamaRefusal(400, 'invalid input type'));
  const behaviour = host.behaviour(name);
  if (await isAnsweredOtherwise(exchange, behaviour)) return;
  if (!capabilitiesOf(model).includes('embedding')) return refuse(response, notForEmbeddings);
  const slot = await host.acquire(name, contextLengthOf(model, body), undefined, gone);
  if (slot === null) return refuse(response, busy);
  slot.release();
  const length = Math.min(body.dimensions ?? Infinity, model.embeddingLength ?? 32);
  const vectors = inputs.map((text) => vectorOf(text, length));
  const promptTokens = behaviour.promptTokens ?? embeddingTokens(inputs);
  request.generated = { promptTokens, outputTokens: 0 };
  if (kind === 'old') return sendJson(response, 200, { embedding: vectors[0] ?? [] });
  const counts = { total_duration: 9_000_000, load_duration: 1_000_000, prompt_eval_count: promptTokens };
  sendJson(response, 200, { model: name, embeddings: vectors, ...(vectors.length === 0 ? {} : counts) });
}

/** Tokens of texts to be embedded: each has a start and an end token. */
export function embeddingTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + countTokens(text) + 2, 0);
}

/** A text or a list of texts; none for an empty one; undefined for what Ollama does not take. */
function textsOf(input: unknown): string[] | undefined {
  if (input === undefined || input === null || input === '') return [];
  const list: unknown[] = Array.isArray(input) ? input : [input];
  const texts = list.filter((one) => typeof one === 'string');
  return texts.length === list.length ? texts : undefined;
}
