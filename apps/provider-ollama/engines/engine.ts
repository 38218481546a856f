/** What the worker needs of a local engine, whatever it speaks. */
import type { Backend, InferOpen, InstalledModel, LoadedModel } from '#contracts';
import type { PreparedParts } from '#upstream';
import type { ListedModel } from '../queue/resident-key.js';

/** What an engine says of itself. */
export interface EngineView {
  readonly reachable: boolean;
  /** Why not, for admins. */
  readonly reason: string | null;
  /** It said nothing in time: it may be busy rather than dead. */
  readonly timedOut: boolean;
  readonly latencyMs: number;
  readonly version: string | null;
  /** null where the engine does not tell. */
  readonly installed: readonly InstalledModel[] | null;
  readonly loaded: readonly LoadedModel[] | null;
  readonly listed: readonly ListedModel[] | null;
  /** The engine has loaded all that it will ever serve, whatever name it is asked for. */
  readonly isFixed: boolean;
  /** Requests that it serves at once, where it says so. */
  readonly slots: number | null;
  /** Digests of the weights by tagged name: equal ones share memory. */
  readonly digests: ReadonlyMap<string, string>;
}

/** Replaces `os.environ/NAME` in header values. */
export type FillHeaders = (headers: Readonly<Record<string, string>>) => Record<string, string>;

export interface Engine {
  /** Address and credentials may change with the config. */
  configure(backend: Backend, headers: Readonly<Record<string, string>>): void;
  /** The call of an opening, or why it cannot be made. `promptIndex`: which prompt of a legacy completion. */
  prepare(open: InferOpen, view: EngineView, promptIndex: number): PreparedParts;
  /** Prompts that have to be asked one by one; 1 where the engine takes them all at once. */
  callsOf(open: InferOpen): number;
  /** Everything that is known without spending a token. Never rejects. */
  look(signal: AbortSignal): Promise<EngineView>;
  /** Only what is loaded; null where the engine does not tell. Rejects when it cannot be reached. */
  lookLoaded(signal: AbortSignal): Promise<Pick<EngineView, 'loaded' | 'listed'> | null>;
  /** Brings a model into memory, or keeps it there; false where the engine has no means for that. */
  load(model: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<boolean>;
  /** Fetches a model from the registry; null where the engine cannot. */
  readonly pull: ((model: string, onProgress: (text: string) => void, signal: AbortSignal) => Promise<void>) | null;
}

/** The view before anybody has looked. */
export const unseen: EngineView = {
  reachable: false,
  reason: 'nobody has looked yet',
  timedOut: false,
  latencyMs: 0,
  version: null,
  installed: null,
  loaded: null,
  listed: null,
  isFixed: false,
  slots: null,
  digests: new Map(),
};

/** What is known of one installed model; undefined where it is not installed or nobody knows. */
export function installedModel(view: EngineView, name: string, tagged: (name: string) => string) {
  return view.installed?.find((model) => tagged(model.name) === tagged(name));
}
