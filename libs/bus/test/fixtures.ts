/** A bus and an opening for tests of the token stream. */
import { Bus } from '#bus';
import { AttemptId, BackendId, DeploymentId, InferOpen, RequestId } from '#contracts';
import { Logger, Metrics } from '#telemetry';

export function connectBus(url: string, name: string): Promise<Bus> {
  const metrics = new Metrics({ service: name, version: 'test', processMetrics: false });
  return Bus.connect({ url, user: null, password: null, name, logger: Logger.create(name, 'error'), metrics });
}

/** An opening whose request holds `text`. */
export function openingOf(text: string): InferOpen {
  const backendId = BackendId.parse('ollama-test');
  return InferOpen.parse({
    v: 1,
    requestId: RequestId.parse('req_1'),
    attemptId: AttemptId.parse('req_1.0'),
    receivedAt: '2026-01-01T00:00:00.000Z',
    dialect: 'openai-chat',
    stream: true,
    includeUsage: false,
    model: 'm',
    attempt: {
      deploymentId: DeploymentId.parse('d1'),
      modelGroup: 'm',
      backend: {
        id: backendId,
        kind: 'local',
        provider: 'ollama',
        dialect: 'ollama',
        apiBase: 'http://127.0.0.1:1',
        apiKey: null,
        apiVersion: null,
        organization: null,
        maxParallelRequests: null,
      },
      upstreamModel: 'm',
      dialect: 'ollama',
      kind: 'local',
      dataPolicy: 'local',
      price: null,
      capabilities: { tools: null, vision: null, jsonSchema: null, reasoning: null },
      params: {},
      extraBody: {},
      extraHeaders: {},
      dropParams: false,
      additionalDropParams: [],
      systemPrompt: null,
      maxInputTokens: null,
      maxOutputTokens: null,
      timeoutMs: 1000,
      firstTokenTimeoutMs: null,
      loadTimeoutMs: 1000,
      delayMs: 0,
      retry: 0,
      fallbackFrom: null,
      onlyAfter: 'any',
      truncateToTokens: null,
      why: 'test',
    },
    requestKind: 'chat',
    request: { text },
    payer: {
      keyId: null,
      keyAlias: null,
      teamId: null,
      userId: null,
      endUser: null,
      tags: [],
      leases: [],
      reservedNanoUsd: 0,
    },
    priority: 'normal',
    maxWaitMs: null,
    deadlineMs: 10_000,
    inputTokens: 1,
  });
}
