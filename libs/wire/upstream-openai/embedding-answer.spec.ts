import { describe, expect, it } from 'vitest';
import { recording } from '../__fixtures__/recording.js';
import { readOpenAiEmbedding } from './embedding-answer.js';

const body = (data: unknown, usage?: unknown) => JSON.stringify({ object: 'list', data, model: 'm', usage });

describe('readOpenAiEmbedding', () => {
  it('reads recorded answers, floats and base64 alike', () => {
    const batch = readOpenAiEmbedding(recording('v1-embeddings-batch').bodyText, 2);
    expect(batch).toMatchObject({ kind: 'result', result: { model: 'tiny-embed', usage: { inputTokens: 8 } } });
    const plain = readOpenAiEmbedding(recording('v1-embeddings').bodyText, 1);
    const packed = readOpenAiEmbedding(recording('v1-embeddings-base64').bodyText, 1);
    if (plain.kind !== 'result' || packed.kind !== 'result') throw new Error('no vectors');
    expect(packed.result.vectors[0]).toHaveLength(plain.result.vectors[0]?.length ?? 0);
    expect(packed.result.vectors[0]?.[0]).toBeCloseTo(plain.result.vectors[0]?.[0] ?? 0, 5);
  });

  it('puts vectors into the order of the inputs', () => {
    const data = [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ];
    expect(readOpenAiEmbedding(body(data), 2)).toMatchObject({ result: { vectors: [[1], [2]] } });
  });

  it.each([
    ['one is missing', body([{ index: 0, embedding: [1] }]), 2],
    [
      'two have one index',
      body([
        { index: 0, embedding: [1] },
        { index: 0, embedding: [2] },
      ]),
      2,
    ],
    ['an error', '{"error":{"message":"x"}}', 1],
    ['no JSON', '', 1],
  ])('%s: a failure', (_name, text, count) => {
    expect(readOpenAiEmbedding(text, count).kind).toBe('failure');
  });
});
