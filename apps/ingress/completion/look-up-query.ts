/** The router's question where only the name matters: may this key use such a model? Pure. */
import type { z } from 'zod';
import type { KeyRecord, PlanQuery, RequestId, RouterModels } from '#contracts';

/** A key as the router sees it. */
export function planKeyOf(key: KeyRecord): PlanQuery['key'] {
  return {
    id: key.id,
    teamId: key.teamId,
    isAdmin: key.role !== 'user',
    models: key.models,
    teamModels: key.teamModels,
    userModels: [...userModelsOf(key)],
  };
}

/** As in LiteLLM, a key of a team is held to the team's models, not to its user's. */
function userModelsOf(key: KeyRecord): readonly string[] {
  return key.teamId === null ? key.userModels : [];
}

/** The name that the router is asked for: an alias of the key's own stands for another, and may be what the key is allowed. */
export function askedModelOf(key: KeyRecord, model: string): Pick<PlanQuery, 'model' | 'keyAlias'> {
  const target = Object.hasOwn(key.aliases, model) ? key.aliases[model] : undefined;
  return target === undefined ? { model } : { model: target, keyAlias: model };
}

/** The question for the list of models that the key may use. */
export function modelsQuery(key: KeyRecord): z.input<typeof RouterModels.request> {
  const { models, teamModels, aliases } = key;
  return { v: 1, models, teamModels, userModels: [...userModelsOf(key)], aliases };
}

/** A request without contents for the model. */
export function lookUpQuery(key: KeyRecord, model: string, requestId: RequestId): PlanQuery {
  return {
    v: 1,
    requestId,
    ...askedModelOf(key, model),
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
