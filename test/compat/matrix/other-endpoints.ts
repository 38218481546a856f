/** The rows of the matrix for endpoints that generate no text: vectors, and what is passed through. */
import type { BackendName } from './backends.js';
import type { Limit } from './feature.js';

export interface EndpointRow {
  readonly name: string;
  readonly path: string;
  /** Added to the backend's name: its deployment of that mode. */
  readonly suffix: string;
  /** A JSON body, or a form with a file. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly file?: string;
  readonly limits: Partial<Readonly<Record<BackendName, Limit>>>;
}

const none = (backend: string, what: string): Limit => ({
  kind: 'refused',
  param: 'model',
  why: `${backend} has no ${what}`,
});
const openAiOnly = (what: string) => ({ ollama: none('Ollama', what), anthropic: none('Anthropic', what) });
const noVectors = { anthropic: none('Anthropic', 'embeddings') };
const tokens: Limit = { kind: 'refused', param: 'input', why: 'Ollama takes text only' };

export const endpointRows: readonly EndpointRow[] = [
  { name: 'one text', path: 'embeddings', suffix: '-vectors', body: { input: 'one' }, limits: noVectors },
  { name: 'a batch', path: 'embeddings', suffix: '-vectors', body: { input: ['one', 'two'] }, limits: noVectors },
  {
    name: '`encoding_format: base64`',
    path: 'embeddings',
    suffix: '-vectors',
    body: { input: 'one', encoding_format: 'base64' },
    limits: noVectors,
  },
  {
    name: '`dimensions`',
    path: 'embeddings',
    suffix: '-vectors',
    body: { input: 'one', dimensions: 4 },
    limits: noVectors,
  },
  {
    name: 'token numbers',
    path: 'embeddings',
    suffix: '-vectors',
    body: { input: [1, 2, 3] },
    limits: { ...noVectors, ollama: tokens },
  },
  {
    name: 'rerank',
    path: 'rerank',
    suffix: '-rerank',
    body: { query: 'a', documents: ['b'] },
    limits: openAiOnly('rerank'),
  },
  {
    name: 'moderation',
    path: 'moderations',
    suffix: '-moderation',
    body: { input: 'a' },
    limits: openAiOnly('moderation'),
  },
  {
    name: 'speech',
    path: 'audio/speech',
    suffix: '-audio_speech',
    body: { input: 'a', voice: 'alloy' },
    limits: openAiOnly('speech'),
  },
  {
    name: 'transcription',
    path: 'audio/transcriptions',
    suffix: '-audio_transcription',
    body: { language: 'en' },
    file: 'file',
    limits: openAiOnly('transcription'),
  },
  {
    name: 'translation',
    path: 'audio/translations',
    suffix: '-audio_transcription',
    body: {},
    file: 'file',
    limits: openAiOnly('transcription'),
  },
  {
    name: 'image generation',
    path: 'images/generations',
    suffix: '-image_generation',
    body: { prompt: 'a' },
    limits: openAiOnly('images'),
  },
  {
    name: 'image edit',
    path: 'images/edits',
    suffix: '-image_generation',
    body: { prompt: 'a' },
    file: 'image',
    limits: openAiOnly('images'),
  },
  {
    name: 'image variation',
    path: 'images/variations',
    suffix: '-image_generation',
    body: {},
    file: 'image',
    limits: openAiOnly('images'),
  },
];
