/** Answers of POST /embeddings. */
import { type EmbeddingAnswer, failedEmbedding } from '../upstream/embedding-answer.js';
import { invalidResponse } from '../upstream/failure.js';
import { isRecord, listOf, numberOf, parseJson, textOf } from '../upstream/loose-json.js';
import { readOpenAiErrorBody } from './error.js';
import { readUsage } from './usage.js';

const noUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costUsd: null,
};

/** The vectors in the order of the `count` inputs, whatever the order of the answer; a missing one is a failure. */
export function readOpenAiEmbedding(bodyText: string, count: number): EmbeddingAnswer {
  const body = parseJson(bodyText);
  if (!isRecord(body)) return failedEmbedding(invalidResponse('The answer of the provider is not JSON.'));
  if (body['error'] !== undefined && body['error'] !== null) {
    return failedEmbedding(readOpenAiErrorBody(body, 200, {}, 0));
  }
  const vectors: (readonly number[] | undefined)[] = Array.from({ length: count }, () => undefined);
  for (const [position, item] of listOf(body['data']).entries()) {
    if (!isRecord(item)) continue;
    const index = numberOf(item['index']) ?? position;
    const vector = readVector(item['embedding']);
    if (vector !== null && index >= 0 && index < count) vectors[index] = vector;
  }
  const complete = vectors.flatMap((vector) => (vector === undefined ? [] : [vector]));
  if (complete.length !== count) {
    return failedEmbedding(invalidResponse(`The provider gave ${complete.length} vectors for ${count} inputs.`));
  }
  const usage = { ...(readUsage(body['usage']) ?? noUsage), outputTokens: 0 };
  return { kind: 'result', result: { vectors: complete, usage, model: textOf(body['model']) } };
}

/** Numbers, or base64 of little-endian float32 from upstreams that send it unasked. */
function readVector(value: unknown): number[] | null {
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => typeof item === 'number') ? value : null;
  if (typeof value !== 'string') return null;
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return null;
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
