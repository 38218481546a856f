/** Answers of POST /api/embed. */
import { type EmbeddingAnswer, failedEmbedding } from '../upstream/embedding-answer.js';
import { invalidResponse } from '../upstream/failure.js';
import { countOf, isRecord, listOf, parseJson, textOf } from '../upstream/loose-json.js';
import { readOllamaErrorLine } from './error.js';

/** The vectors, one for each of the `count` inputs; fewer or more are a failure, since nobody could tell which is whose. */
export function readOllamaEmbedding(bodyText: string, count: number): EmbeddingAnswer {
  const body = parseJson(bodyText);
  if (!isRecord(body)) return failedEmbedding(invalidResponse('The answer of Ollama is not JSON.'));
  if (body['error'] !== undefined) return failedEmbedding(readOllamaErrorLine(body['error']));
  const vectors = listOf(body['embeddings']).flatMap((vector) => (isVector(vector) ? [vector] : []));
  if (vectors.length !== count) {
    return failedEmbedding(invalidResponse(`Ollama gave ${vectors.length} vectors for ${count} inputs.`));
  }
  const usage = {
    inputTokens: countOf(body['prompt_eval_count']),
    outputTokens: 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    costUsd: null,
  };
  return { kind: 'result', result: { vectors, usage, model: textOf(body['model']) } };
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number');
}
