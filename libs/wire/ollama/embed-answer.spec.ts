import { describe, expect, it } from 'vitest';
import { recording } from '../__fixtures__/recording.js';
import { readOllamaEmbedding } from './embed-answer.js';

describe('readOllamaEmbedding', () => {
  it('gives the vectors in the order of the inputs, and the tokens', () => {
    const answer = readOllamaEmbedding(recording('embed-batch').bodyText, 2);
    if (answer.kind !== 'result') throw new Error(answer.failure.message);
    expect(answer.result.vectors.map((vector) => [vector.length, vector[0]])).toEqual([
      [32, 0.3732027],
      [32, 0.20004879],
    ]);
    expect(answer.result.usage).toMatchObject({ inputTokens: 8, outputTokens: 0, costUsd: null });
    expect(answer.result.model).toBe('tiny-embed');
  });

  it.each([
    ['fewer vectors than inputs', recording('embed-empty').bodyText, 1],
    ['an error', '{"error":"boom"}', 1],
    ['no JSON', 'x', 1],
    ['no numbers', '{"embeddings":[["a"]]}', 1],
  ])('%s is a failure', (_name, text, count) => {
    expect(readOllamaEmbedding(text, count).kind).toBe('failure');
  });
});
