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
import { providerOf } from './providers/list.js';

const probeTimeoutMs = 10_000;
const maxListBytes = 16 * 1024 * 1024;

const ModelList = z.object({
  data: z.array(z.object({ id: z.string(), context_length: z.number().nullish() })),
});

@Injectable()
export class CloudProbe implements OnModuleInit, OnApplicationShutdown {
  private servers: { stop(): Promise<void> }[] = [];
  private served = '';

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly credentials: Credentials,
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
    const answer = (
      reachable: boolean,
      reason: string | null,
      installed: ProbeReply['installed'] = null,
    ): ProbeReply => ({
      v: 1,
      reachable,
      reason,
      latencyMs: performance.now() - startedAt,
      version: null,
      installed,
      loaded: null,
    });
    const credential = this.credentials.of(backend);
    if (credential.kind === 'missing') return answer(false, credential.failure.message);
    try {
      const provider = providerOf(backend.provider);
      const response = await callUpstream({
        method: 'GET',
        url:
          backend.provider === 'azure'
            ? `${backend.apiBase}/openai/models?api-version=2024-10-21`
            : provider.url(backend, 'models', ''),
        headers: provider.headers(backend, credential.key),
        body: null,
        signal: AbortSignal.timeout(probeTimeoutMs),
      });
      const text = await response.text(maxListBytes);
      if (response.status === 401 || response.status === 403)
        return {
          ...answer(false, `the provider refuses the credentials (status ${response.status})`),
          credentialsRefused: true,
        };
      if (response.status >= 500)
        return answer(false, `the provider answers with status ${response.status}: ${scrubUpstreamText(text, 200)}`);
      // A 404 or 405 only says that there is no list of models.
      return answer(true, null, response.status === 200 ? readModels(backend, text) : null);
    } catch (error) {
      if (error instanceof UpstreamProblem) return answer(false, error.failure.message);
      return answer(false, 'the provider did not answer in time');
    }
  }
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
