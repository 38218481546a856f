/** An Ollama host over its native API. */
import { randomBytes } from 'node:crypto';
import type { Backend, InferOpen, InstalledModel } from '#contracts';
import { callUpstream, UpstreamProblem, type PreparedParts, type UpstreamResponse } from '#upstream';
import { NdjsonDecoder, readOllamaError, scrubUpstreamText, writeOllamaLoad } from '#wire';
import { taggedName } from '../queue/resident-key.js';
import { lookFailure } from './look-failure.js';
import { installedModel, unseen, type Engine, type EngineView, type FillHeaders } from './engine.js';
import { prepareOllamaCall } from './ollama-call.js';
import { readPs, readPullLine, readShow, readTags, readVersion, type InstalledListing } from './ollama-listing.js';

const maxListBytes = 16 * 1024 * 1024;
const lookTimeoutMs = 5_000;
/** Models that are asked for one by one in one look, where the list itself says too little (releases before 0.30). */
const maxShownPerLook = 16;

type ShownModel = Pick<InstalledModel, 'contextLength' | 'capabilities'>;

export class OllamaClient implements Engine {
  private apiBase = '';
  private headers: Readonly<Record<string, string>> = {};
  /** By digest: what /api/show said does not change while the digest stays. */
  private readonly shown = new Map<string, ShownModel>();

  /** `fillHeaders` puts the values of variables into a deployment's extra headers. */
  constructor(private readonly fillHeaders: FillHeaders) {}

  configure(backend: Backend, headers: Readonly<Record<string, string>>): void {
    this.apiBase = backend.apiBase;
    this.headers = headers;
  }

  prepare(open: InferOpen, view: EngineView, promptIndex: number): PreparedParts {
    const facts = {
      apiBase: this.apiBase,
      headers: { ...this.fillHeaders(open.attempt.extraHeaders), ...this.headers },
      capabilities: installedModel(view, open.attempt.upstreamModel, taggedName)?.capabilities ?? null,
      makeCallId: () => `call_${randomBytes(4).toString('hex')}`,
      nowMs: Date.now(),
    };
    return prepareOllamaCall(open, facts, promptIndex);
  }

  callsOf(open: InferOpen): number {
    const { request } = open;
    if (open.requestKind !== 'completion' || typeof request !== 'object' || request === null) return 1;
    return 'prompts' in request && Array.isArray(request.prompts) ? request.prompts.length : 1;
  }

  async look(signal: AbortSignal): Promise<EngineView> {
    const startedAt = performance.now();
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]);
    try {
      const [version, tags, ps] = await Promise.all([
        this.get('/api/version', bounded).then(readVersion),
        this.get('/api/tags', bounded).then(readTags),
        this.get('/api/ps', bounded).then(readPs),
      ]);
      const latencyMs = performance.now() - startedAt;
      const installed = await this.described(tags, bounded);
      const { digests } = tags;
      return { ...unseen, reachable: true, reason: null, latencyMs, version, installed, digests, ...ps };
    } catch (error) {
      return { ...unseen, ...lookFailure(error, 'Ollama'), latencyMs: performance.now() - startedAt };
    }
  }

  async lookLoaded(signal: AbortSignal): Promise<Pick<EngineView, 'loaded' | 'listed'>> {
    return readPs(await this.get('/api/ps', AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)])));
  }

  async load(model: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<boolean> {
    const response = await this.post('/api/chat', writeOllamaLoad(model, params), signal);
    const text = await response.text(maxListBytes);
    if (response.status !== 200)
      throw new UpstreamProblem('upstream_error', readOllamaError(response.status, text).message);
    return true;
  }

  readonly pull = async (model: string, onProgress: (text: string) => void, signal: AbortSignal): Promise<void> => {
    const response = await this.post('/api/pull', { model, stream: true }, signal);
    if (response.status !== 200) {
      const text = await response.text(maxListBytes);
      throw new UpstreamProblem('upstream_error', readOllamaError(response.status, text).message);
    }
    const lines = new NdjsonDecoder({});
    let done = false;
    for await (const bytes of response.body) {
      for (const line of lines.push(bytes)) {
        const progress = readPullLine(line);
        if (progress.error !== null) throw new UpstreamProblem('upstream_error', scrubUpstreamText(progress.error));
        done ||= progress.done;
        onProgress(progress.percent === null ? progress.status : `${progress.status} ${progress.percent} %`);
      }
    }
    if (!done) throw new UpstreamProblem('upstream_error', 'broke the download off');
  };

  /** Fills in what a list of an older release leaves out. */
  private async described(tags: InstalledListing, signal: AbortSignal): Promise<InstalledModel[]> {
    const bare = tags.installed.filter((model) => model.capabilities === null || model.contextLength === null);
    const asked = bare.filter((model) => !this.shown.has(tags.digests.get(taggedName(model.name)) ?? ''));
    for (const model of asked.slice(0, maxShownPerLook)) {
      const digest = tags.digests.get(taggedName(model.name));
      const response = await this.post('/api/show', { model: model.name }, signal);
      const text = await response.text(maxListBytes);
      if (response.status === 200 && digest !== undefined) this.shown.set(digest, readShow(JSON.parse(text)));
    }
    return tags.installed.map((model) => {
      const shown = this.shown.get(tags.digests.get(taggedName(model.name)) ?? '');
      return {
        ...model,
        contextLength: model.contextLength ?? shown?.contextLength ?? null,
        capabilities: model.capabilities ?? shown?.capabilities ?? null,
      };
    });
  }

  private async get(path: string, signal: AbortSignal): Promise<unknown> {
    const { headers } = this;
    const response = await callUpstream({ method: 'GET', url: `${this.apiBase}${path}`, headers, body: null, signal });
    const text = await response.text(maxListBytes);
    if (response.status !== 200)
      throw new UpstreamProblem('upstream_error', `answers ${path} with status ${response.status}`);
    return JSON.parse(text);
  }

  private post(path: string, body: unknown, signal: AbortSignal): Promise<UpstreamResponse> {
    const headers = { 'content-type': 'application/json', ...this.headers };
    return callUpstream({ method: 'POST', url: `${this.apiBase}${path}`, headers, body: JSON.stringify(body), signal });
  }
}
