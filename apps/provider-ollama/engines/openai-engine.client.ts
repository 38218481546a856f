/**
 * Local engines that speak OpenAI's API: LM Studio, llama.cpp's server, vLLM, TGI. Which one it is shows in what it
 * answers; what is loaded comes from its own endpoints beside that API.
 */
import type { Backend, InferOpen } from '#contracts';
import { callUpstream, prepareOpenAiCall, UpstreamProblem, type PreparedParts } from '#upstream';
import {
  listingOfOpenAi,
  readInfo,
  readOpenAiList,
  readStudioV0,
  readStudioV1,
  withProps,
  type EngineListing,
} from './engine-listing.js';
import { unseen, type Engine, type EngineView, type FillHeaders } from './engine.js';
import { lookFailure } from './look-failure.js';

const maxListBytes = 4 * 1024 * 1024;
const lookTimeoutMs = 5_000;

type Found = { readonly listing: EngineListing | null; readonly version: string | null };
/** The list that tells what is loaded, once it was found; `none` where there is no such list. */
type LoadedList = '/api/v1/models' | '/api/v0/models' | 'router' | 'none';

const nothing: Found = { listing: null, version: null };

export class OpenAiEngineClient implements Engine {
  private apiBase = '';
  private provider = '';
  private headers: Readonly<Record<string, string>> = {};
  private loadedList: LoadedList | null = null;
  private hasNoInfo = false;
  readonly pull = null;

  /** `fillHeaders` puts the values of variables into a deployment's extra headers. */
  constructor(private readonly fillHeaders: FillHeaders) {}

  configure(backend: Backend, headers: Readonly<Record<string, string>>): void {
    if (backend.apiBase !== this.apiBase) this.forget();
    this.apiBase = backend.apiBase;
    this.provider = backend.provider;
    this.headers = headers;
  }

  prepare(open: InferOpen): PreparedParts {
    const address = {
      urlOf: (path: string) => `${this.apiBase}/${path}`,
      headers: { ...this.fillHeaders(open.attempt.extraHeaders), ...this.headers },
    };
    return prepareOpenAiCall(open, address, Date.now());
  }

  callsOf(): number {
    return 1;
  }

  async look(signal: AbortSignal): Promise<EngineView> {
    const startedAt = performance.now();
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]);
    const seen = (more: Partial<EngineView>): EngineView => ({
      ...unseen,
      latencyMs: performance.now() - startedAt,
      ...more,
    });
    try {
      const { status, answer } = await this.get(`${this.apiBase}/models`, bounded);
      if (status === 401 || status === 403) return seen({ reason: 'The backend refuses the credentials.' });
      if (status >= 500) return seen({ reason: `The backend answers with status ${status}.` });
      const latencyMs = performance.now() - startedAt;
      // A 404 only says that this engine has no list.
      const { listing, version } = await this.identify(status === 200 ? answer : null, bounded);
      return seen({ reachable: true, reason: null, latencyMs, version, ...listing });
    } catch (error) {
      // Another engine may come back at the same address.
      this.forget();
      return seen(lookFailure(error, "an engine with OpenAI's API"));
    }
  }

  async lookLoaded(signal: AbortSignal): Promise<Pick<EngineView, 'loaded' | 'listed'> | null> {
    const { loadedList } = this;
    if (loadedList === null || loadedList === 'none') return null;
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]);
    const found = loadedList === 'router' ? await this.askRouter(bounded) : await this.askStudio(loadedList, bounded);
    if (found === null) return null;
    return { loaded: found.loaded, listed: found.listed };
  }

  async load(): Promise<boolean> {
    return false;
  }

  private forget(): void {
    this.loadedList = null;
    this.hasNoInfo = false;
  }

  /** Finds out what else the engine tells, and remembers where. */
  private async identify(list: unknown, signal: AbortSignal): Promise<Found> {
    const models = readOpenAiList(list);
    const isNamed = models?.some(({ owned_by: owner }) => owner === 'vllm' || owner === 'llamacpp') === true;
    if (models !== null && isNamed) return this.describe(models, signal);
    const isStudio = this.provider === 'lm_studio';
    const studio = await this.findStudio(signal);
    if (studio !== null) return { listing: studio, version: null };
    const listing = models === null ? null : listingOfOpenAi(models);
    this.loadedList = listing?.listed == null ? 'none' : 'router';
    if (isStudio || listing?.listed != null) return { listing, version: null };
    const info = this.hasNoInfo ? null : readInfo((await this.beside('/info', signal)).answer);
    this.hasNoInfo = info === null;
    return info ?? (listing === null ? nothing : { listing, version: null });
  }

  private async describe(models: NonNullable<ReturnType<typeof readOpenAiList>>, signal: AbortSignal): Promise<Found> {
    const listing = listingOfOpenAi(models);
    this.loadedList = listing.listed === null ? 'none' : 'router';
    if (!listing.isFixed || models[0]?.owned_by !== 'llamacpp') return { listing, version: null };
    const { status, answer } = await this.beside('/props', signal);
    return status === 200 ? withProps(listing, answer) : { listing, version: null };
  }

  private async findStudio(signal: AbortSignal): Promise<EngineListing | null> {
    if (this.loadedList === 'none' || this.loadedList === 'router') return null;
    for (const path of ['/api/v1/models', '/api/v0/models'] as const) {
      if (this.loadedList !== null && this.loadedList !== path) continue;
      const found = await this.askStudio(path, signal);
      if (found === null) continue;
      this.loadedList = path;
      return found;
    }
    return null;
  }

  private async askStudio(path: '/api/v1/models' | '/api/v0/models', signal: AbortSignal) {
    const { status, answer } = await this.beside(path, signal);
    if (status !== 200) return null;
    return path === '/api/v1/models' ? readStudioV1(answer) : readStudioV0(answer);
  }

  private async askRouter(signal: AbortSignal): Promise<EngineListing | null> {
    const models = readOpenAiList((await this.get(`${this.apiBase}/models`, signal)).answer);
    return models === null ? null : listingOfOpenAi(models);
  }

  /** A path of the engine's own API, which stands beside `/v1`. */
  private beside(path: string, signal: AbortSignal): Promise<{ status: number; answer: unknown }> {
    return this.get(`${this.apiBase.replace(/\/v1$/, '')}${path}`, signal);
  }

  /** The parsed answer; null where it is no JSON. */
  private async get(url: string, signal: AbortSignal): Promise<{ status: number; answer: unknown }> {
    const response = await callUpstream({ method: 'GET', url, headers: this.headers, body: null, signal });
    const text = await response.text(maxListBytes);
    try {
      return { status: response.status, answer: JSON.parse(text) };
    } catch (error) {
      if (error instanceof UpstreamProblem) throw error;
      return { status: response.status, answer: null };
    }
  }
}
