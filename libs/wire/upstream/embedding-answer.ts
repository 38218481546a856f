/** What reading an upstream's embeddings gives. */
import type { EmbeddingResult, UpstreamFailure } from '../neutral/stream-event.js';

export type EmbeddingAnswer =
  | { readonly kind: 'result'; readonly result: EmbeddingResult }
  | { readonly kind: 'failure'; readonly failure: UpstreamFailure };

export function failedEmbedding(failure: UpstreamFailure): EmbeddingAnswer {
  return { kind: 'failure', failure };
}
