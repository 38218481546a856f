/**
 * A fake Ollama host: a real HTTP server that speaks the native API and the OpenAI layer as Ollama 0.32 does, with models
 * that load, swap and stay warm, and with faults on demand. Forms are those of recorded answers of a real one.
 */
import { refuse, sendJson } from './answer.js';
import { Script } from './behaviour.js';
import { FakeServer, type Exchange } from './fake-server.js';
import { embed } from './ollama-embed.js';
import { OllamaEngine, type EngineOptions } from './ollama-engine.js';
import { generate } from './ollama-generate.js';
import type { OllamaHost } from './ollama-host.js';
import { pullModel } from './ollama-pull.js';
import { loadedEntry, shownModel, tagEntry, taggedName, type OllamaModel } from './ollama-models.js';
import { OllamaBody, ollamaRefusal } from './ollama-request.js';
import { openAiLayer } from './ollama-v1.js';

export interface OllamaUpstreamOptions extends Partial<Omit<EngineOptions, 'loadMs'>> {
  /** Installed models; the default is one, llama3.2. */
  readonly models?: readonly (string | OllamaModel)[];
  /** How long a model takes to load that says nothing itself, milliseconds. */
  readonly loadMs?: number;
  readonly version?: string;
  /** Models that `/api/pull` can fetch, and how long each line of its progress takes. */
  readonly registry?: { readonly names: readonly string[]; readonly stepMs?: number };
}

export class OllamaUpstream {
  /** How the next requests for text or vectors go; metadata is always answered. */
  readonly script = new Script();
  readonly server: FakeServer;
  readonly engine: OllamaEngine;
  private readonly models = new Map<string, OllamaModel>();
  private readonly host: OllamaHost;

  private constructor(private readonly options: OllamaUpstreamOptions) {
    this.engine = new OllamaEngine({
      maxLoaded: options.maxLoaded ?? 3,
      parallel: options.parallel ?? 1,
      maxQueue: options.maxQueue ?? 512,
      keepAliveMs: options.keepAliveMs ?? 300_000,
      loadMs: (model) => this.models.get(model)?.loadMs ?? options.loadMs ?? 0,
    });
    this.host = {
      names: () => [...this.models.values()].map((model) => taggedName(model.name)),
      find: (name) => this.models.get(taggedName(name)),
      behaviour: (name) => this.script.take(taggedName(name)),
      acquire: (name, ...rest) => this.engine.acquire(taggedName(name), ...rest),
      unload: (name) => this.engine.unload(taggedName(name)),
    };
    this.server = new FakeServer((exchange) => this.route(exchange));
    for (const model of options.models ?? ['llama3.2']) this.pull(model);
  }

  /** Starts a host on a free port. */
  static async start(options: OllamaUpstreamOptions = {}): Promise<OllamaUpstream> {
    const upstream = new OllamaUpstream(options);
    await upstream.server.start();
    return upstream;
  }

  /** What OLLAMA_HOST or `api_base` would be. */
  get url(): string {
    return this.server.url;
  }

  get requests(): FakeServer['requests'] {
    return this.server.requests;
  }

  stop(): Promise<void> {
    return this.server.stop();
  }

  /** Installs a model, as `ollama pull` would. */
  pull(model: string | OllamaModel): void {
    const entry = typeof model === 'string' ? { name: model } : model;
    this.models.set(taggedName(entry.name), entry);
  }

  /** Removes a model, as `ollama rm` would. */
  remove(name: string): void {
    this.models.delete(taggedName(name));
    this.engine.unload(taggedName(name));
  }

  private async route(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    switch (`${request.method} ${request.path}`) {
      case 'GET /':
      case 'HEAD /':
        response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('Ollama is running');
        return;
      case 'GET /api/version':
        return sendJson(response, 200, { version: this.options.version ?? '0.32.15' });
      case 'GET /api/tags':
        return sendJson(response, 200, { models: [...this.models.values()].map(tagEntry) });
      case 'GET /api/ps':
        return sendJson(response, 200, { models: this.loadedEntries() });
      case 'POST /api/show':
        return this.show(exchange);
      case 'POST /api/pull':
        return pullModel(exchange, {
          names: this.options.registry?.names ?? [],
          stepMs: this.options.registry?.stepMs ?? 0,
          install: (name) => this.pull(name),
        });
      case 'POST /api/chat':
        return generate(exchange, this.host, 'chat');
      case 'POST /api/generate':
        return generate(exchange, this.host, 'generate');
      case 'POST /api/embed':
        return embed(exchange, this.host, 'embed');
      case 'POST /api/embeddings':
        return embed(exchange, this.host, 'old');
      default:
        return openAiLayer(exchange, this.host);
    }
  }

  private loadedEntries(): Record<string, unknown>[] {
    return this.engine.loaded().flatMap((runner) => {
      const model = this.models.get(runner.model);
      return model === undefined ? [] : [loadedEntry(model, runner)];
    });
  }

  private show({ request, response }: Exchange): void {
    const name = taggedName(OllamaBody.safeParse(request.body).data?.model ?? '');
    const model = this.models.get(name);
    if (model === undefined) refuse(response, ollamaRefusal(404, `model '${name}' not found`));
    else sendJson(response, 200, shownModel(model));
  }
}
