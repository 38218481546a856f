/** OpenAI's endpoints that are passed through to upstreams which have them, and what a request to each must hold. */

export interface PassthroughEndpoint {
  /** Below an upstream's base URL. */
  readonly path: string;
  /** Kind of deployment, and the label of log lines and usage rows. */
  readonly endpoint: 'rerank' | 'transcription' | 'speech' | 'image' | 'moderation';
  /** Fields without which no upstream can answer, each a text or a list. */
  readonly fields: readonly string[];
  /** The file that a form must hold. OpenAI's SDKs write `image[]` where there are several. */
  readonly file: string | null;
  /** Whether a JSON body does as well as a form. */
  readonly json: boolean;
}

export const passthroughEndpoints = {
  rerank: { path: 'rerank', endpoint: 'rerank', fields: ['query', 'documents'], file: null, json: true },
  moderations: { path: 'moderations', endpoint: 'moderation', fields: ['input'], file: null, json: true },
  speech: { path: 'audio/speech', endpoint: 'speech', fields: ['input'], file: null, json: true },
  transcriptions: { path: 'audio/transcriptions', endpoint: 'transcription', fields: [], file: 'file', json: false },
  translations: { path: 'audio/translations', endpoint: 'transcription', fields: [], file: 'file', json: false },
  generations: { path: 'images/generations', endpoint: 'image', fields: ['prompt'], file: null, json: true },
  edits: { path: 'images/edits', endpoint: 'image', fields: ['prompt'], file: 'image', json: true },
  variations: { path: 'images/variations', endpoint: 'image', fields: [], file: 'image', json: false },
} as const satisfies Record<string, PassthroughEndpoint>;
