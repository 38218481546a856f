/** What a row of the matrix is made of: how a feature is asked for in each dialect, what an upstream has to be sent for it, and what the client has to get. */
import type { Behaviour } from '#testing';
import type { Answered, Dialect } from './answers.js';
import type { BackendName } from './backends.js';

export type Json = Readonly<Record<string, unknown>>;

/** What a backend cannot do: refused with a 400 that names `param`, or left out in silence because nothing is promised by it. */
export type Limit =
  | { readonly kind: 'refused'; readonly param: string; readonly why: string }
  | { readonly kind: 'left-out'; readonly why: string };

export interface Feature {
  readonly name: string;
  /** Fields of the request, by dialect. Absent: the dialect has no such feature. */
  readonly ask: Partial<Readonly<Record<Dialect, Json>>>;
  readonly behaviour?: Behaviour;
  readonly limits?: Partial<Readonly<Record<BackendName, Limit>>>;
  /** What has to stand in the body that goes upstream, where the feature is served. */
  readonly sent?: Partial<Readonly<Record<BackendName, Json>>>;
  /** What the client has to get. Absent: an answer. */
  readonly got?: Partial<Answered>;
}

export const refused = (param: string, why: string): Limit => ({ kind: 'refused', param, why });
export const leftOut = (why: string): Limit => ({ kind: 'left-out', why });
export const everywhere = (sent: Json) => ({ openai: sent, openrouter: sent, engine: sent });

export const question = 'Weather in Brno?';
export const user = { role: 'user', content: question };
export const schema = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
