/** What an endpoint does, for traces and metrics. */
import type { ClientDialect } from './inference.js';

/** Names of the GenAI conventions where they have one; for the rest the endpoint's own. */
export const operationNames: Readonly<Record<ClientDialect, string>> = {
  'openai-chat': 'chat',
  'openai-responses': 'chat',
  'anthropic-messages': 'chat',
  'openai-completion': 'text_completion',
  'openai-embedding': 'embeddings',
  'openai-rerank': 'rerank',
  'openai-transcription': 'transcription',
  'openai-speech': 'speech',
  'openai-image': 'generate_content',
  'openai-moderation': 'moderation',
};
