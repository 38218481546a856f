/**
 * Looks at clouds for the health service. Only the list of models is asked for, which costs nothing: no token is ever
 * spent on a probe.
 */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { z } from 'zod';
import { Bus } from '#bus';
import { ProbeBackend, type Backend, type ProbeReply } from '#contracts';
import { Snapshots } from '#service';
import { callUpstream, UpstreamProblem } from '#upstream';
import { readOpenRouterModels, scrubUpstreamText } from '#wire';
import { Credentials } from './credentials.client.js';
import { FreePace } from './free-pace.client.js';
import { providerOf } from './providers/list.js';

const probeTimeoutMs = 10_000;
const maxListBytes = 16 * 1024 * 1024;

/** A list that changes by the week. */
const listMemoryMs = 10 * 60_000;

type Looked = Pick<ProbeReply, 'reachable' | 'reason' | 'installed' | 'credentialsRefused'>;

interface Answer {
  readonly status: number;
  readonly text: string;
}

const ModelList = z.object({
  data: z.array(z.object({ id: z.string(), context_length: z.number().nullish() })),
});

/** GET /key in OpenRouter's API reference. */
const Key = z.object({ data: z.looseObject({ is_free_tier: z.boolean() }) });

@Injectable()
export class CloudProbe implements OnModuleInit, OnApplicationShutdown {
  private servers: { stop(): Promise<void> }[] = [];
  private served = '';
  /** OpenRouter's lists, by backend. */
  private readonly lists = new Map<string, { readonly at: number; readonly installed: ProbeReply['installed'] }>();

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly credentials: Credentials,
    private readonly freePace: FreePace,
  ) {}

  onModuleInit(): void {
    this.snapshots.onChange((snapshot) => this.serve(snapshot.backends.filter((backend) => backend.kind === 'cloud')));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.allSettled(this.servers.map((server) => server.stop()));
  }

  private serve(backends: readonly Backend[]): void {
    const ids = backends.map((backend) => backend.id).join(' ');
    if (ids === this.served) return;
    this.served = ids;
    for (const server of this.servers) void server.stop();
    this.servers = backends.map((backend) =>
      this.bus.serve(ProbeBackend, { backend: backend.id }, (request) => this.probe(request.backend)),
    );
  }

  private async probe(backend: Backend): Promise<ProbeReply> {
    const startedAt = performance.now();
    const credential = this.credentials.of(backend);
    const looked: Looked =
      credential.kind === 'missing'
        ? { reachable: false, reason: credential.failure.message, installed: null }
        : await this.look(backend, credential.key);
    return { v: 1, latencyMs: performance.now() - startedAt, version: null, loaded: null, ...looked };
  }

  private async look(backend: Backend, key: string | null): Promise<Looked> {
    try {
      if (backend.provider === 'openrouter') return await this.lookAtOpenRouter(backend, key);
      const path = backend.provider === 'azure' ? 'openai/models?api-version=2024-10-21' : null;
      return await this.list(backend, key, path === null ? undefined : `${backend.apiBase}/${path}`);
    } catch (error) {
      const reason = error instanceof UpstreamProblem ? error.failure.message : 'the provider did not answer in time';
      return { reachable: false, reason, installed: null };
    }
  }

  /**
   * OpenRouter's list is public and large: it says nothing of the key, and once in a while is enough. Its path for keys
   * tells in a few bytes whether the account is let in.
   */
  private async lookAtOpenRouter(backend: Backend, key: string | null): Promise<Looked> {
    const known = this.lists.get(backend.id);
    const isFresh = known !== undefined && performance.now() - known.at < listMemoryMs;
    if (key !== null) {
      const response = await this.get(backend, key, `${backend.apiBase}/key`);
      const problem = problemOf(response);
      if (problem !== null) return problem;
      const isFreeTier = readFreeTier(response.text);
      if (isFreeTier !== null) await this.freePace.note(backend.id, isFreeTier);
      if (isFresh) return { reachable: true, reason: null, installed: known.installed };
    }
    const listed = await this.list(backend, key);
    if (listed.reachable) this.lists.set(backend.id, { at: performance.now(), installed: listed.installed });
    return listed;
  }

  private async list(backend: Backend, key: string | null, url?: string): Promise<Looked> {
    const response = await this.get(backend, key, url ?? providerOf(backend.provider).url(backend, 'models', ''));
    // A 404 or 405 only says that there is no list of models.
    const installed = response.status === 200 ? readModels(backend, response.text) : null;
    return problemOf(response) ?? { reachable: true, reason: null, installed };
  }

  private async get(backend: Backend, key: string | null, url: string): Promise<Answer> {
    const headers = providerOf(backend.provider).headers(backend, key);
    const signal = AbortSignal.timeout(probeTimeoutMs);
    const response = await callUpstream({ method: 'GET', url, headers, body: null, signal });
    return { status: response.status, text: await response.text(maxListBytes) };
  }
}

/** Whether the account never bought credits; null where the answer does not say. */
function readFreeTier(text: string): boolean | null {
  try {
    return Key.safeParse(JSON.parse(text)).data?.data.is_free_tier ?? null;
  } catch {
    return null;
  }
}

function problemOf({ status, text }: Answer): Looked | null {
  if (status === 401 || status === 403) {
    const reason = `the provider refuses the credentials (status ${status})`;
    return { reachable: false, reason, installed: null, credentialsRefused: true };
  }
  if (status < 500) return null;
  const reason = `the provider answers with status ${status}: ${scrubUpstreamText(text, 200)}`;
  return { reachable: false, reason, installed: null };
}

function readModels(backend: Backend, text: string): ProbeReply['installed'] {
  try {
    const answer: unknown = JSON.parse(text);
    if (backend.provider === 'openrouter') return readOpenRouterList(answer);
    const parsed = ModelList.safeParse(answer);
    if (!parsed.success) return null;
    return parsed.data.data.map((model) => ({
      name: model.id,
      sizeBytes: null,
      contextLength: model.context_length ?? null,
      capabilities: null,
    }));
  } catch {
    return null;
  }
}

function readOpenRouterList(answer: unknown): ProbeReply['installed'] {
  const models = readOpenRouterModels(answer);
  if (models === null) return null;
  return models.map(({ id, contextLength, strengths }) => ({
    name: id,
    sizeBytes: null,
    contextLength,
    capabilities: [...strengths],
  }));
}
