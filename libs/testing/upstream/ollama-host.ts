/** What the paths of a fake Ollama host need of it. */
import type { Behaviour } from './behaviour.js';
import type { Slot } from './ollama-engine.js';
import { defaultContextLength, type OllamaModel } from './ollama-models.js';
import { ollamaRefusal, type OllamaBody } from './ollama-request.js';

export interface OllamaHost {
  /** Tagged names of what is installed. */
  names(): string[];
  find(name: string): OllamaModel | undefined;
  /** The behaviour for the next request to a model. */
  behaviour(name: string): Behaviour;
  /** null: the queue is full, or the client left. */
  acquire(
    name: string,
    contextLength: number,
    keepAliveMs: number | undefined,
    gone: AbortSignal,
  ): Promise<Slot | null>;
  unload(name: string): void;
}

/** The scheduler's queue is full. The two spaces are Ollama's. */
export const busy = ollamaRefusal(503, 'server busy, please try again.  maximum pending requests exceeded');

/** The context a request runs with: `num_ctx`, never more than the model's own. */
export function contextLengthOf(model: OllamaModel, body: Pick<OllamaBody, 'options'>): number {
  const own = model.contextLength ?? defaultContextLength;
  const asked = body.options?.['num_ctx'];
  return typeof asked === 'number' ? Math.min(asked, own) : own;
}
