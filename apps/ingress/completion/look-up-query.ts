/** The router's question where only the name matters: may this key use such a model? Pure. */
import type { KeyRecord, PlanQuery, RequestId } from '#contracts';

/** A key as the router sees it. */
export function planKeyOf(key: KeyRecord): PlanQuery['key'] {
  return {
    id: key.id,
    teamId: key.teamId,
    isAdmin: key.role !== 'user',
    models: key.models,
    teamModels: key.teamModels,
  };
}

/** A request without contents for the model. */
export function lookUpQuery(key: KeyRecord, model: string, requestId: RequestId): PlanQuery {
  return {
    v: 1,
    requestId,
    model: key.aliases[model] ?? model,
    endpoint: 'chat',
    stream: false,
    needs: { tools: false, vision: false, jsonSchema: false, reasoning: false },
    inputTokens: 0,
    maxOutputTokens: null,
    key: planKeyOf(key),
    dataPolicy: key.dataPolicy,
    overrides: {
      fallbacks: null,
      disableFallbacks: true,
      numRetries: null,
      timeoutMs: null,
      streamTimeoutMs: null,
      tags: [],
    },
    affinity: null,
    lastUserText: null,
    exclude: [],
  };
}
