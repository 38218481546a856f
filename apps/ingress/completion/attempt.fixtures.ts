/** Attempts for tests. */
import { Attempt, BackendId, DeploymentId, type StreamFailure } from '#contracts';

/** An attempt against `host`; fields of `more` win. */
export function attemptOf(deployment: string, host: string, more: Partial<Attempt> = {}): Attempt {
  return {
    ...Attempt.parse({
      deploymentId: DeploymentId.parse(deployment),
      modelGroup: 'm',
      backend: {
        id: BackendId.parse(host),
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
      timeoutMs: 1_000,
      firstTokenTimeoutMs: null,
      loadTimeoutMs: 1_000,
      delayMs: 0,
      retry: 0,
      fallbackFrom: null,
      onlyAfter: 'any',
      truncateToTokens: null,
      why: 'test',
    }),
    ...more,
  };
}

/** A failure of the backend with a code. */
export function failureOf(code: string, more: Partial<StreamFailure> = {}): StreamFailure {
  return { code, details: {}, blame: 'backend', retryAfterMs: null, ...more };
}
