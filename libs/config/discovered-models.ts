/** Models that an Ollama host has, offered under their own names. They come and go as the host's do. */
import type { Backend, BackendId, ConfigSnapshot, Deployment, InstalledModel } from '#contracts';
import { deploymentIdOf } from './build/deployment-id.js';
import { localPrice, modeOf } from './build/model-facts.js';
import { withRevision } from './load-config.js';

/**
 * The snapshot with exactly `installed` as the discovered models of a backend: those that are gone leave, the others stay
 * as they are. A backend that is not to be discovered leaves the snapshot as it is.
 */
export function withDiscoveredModels(
  snapshot: ConfigSnapshot,
  backendId: BackendId,
  installed: readonly InstalledModel[],
): ConfigSnapshot {
  const backend = snapshot.backends.find(({ id }) => id === backendId);
  if (backend === undefined || !snapshot.discoverBackends.includes(backendId)) return snapshot;
  const path = discoveredPath(backendId);
  const configured = snapshot.deployments.filter((deployment) => deployment.path !== path);
  const discovered = installed
    .map((model) => discoveredDeployment(model, backend))
    .toSorted((a, b) => (a.modelName < b.modelName ? -1 : 1));
  const next = withRevision({ ...snapshot, deployments: [...configured, ...discovered] });
  return next.revision === snapshot.revision ? snapshot : next;
}

/** The `path` of deployments that were found on a host, not written in a file. */
export function discoveredPath(backendId: BackendId): string {
  return `discovered on ${backendId}`;
}

function discoveredDeployment(model: InstalledModel, backend: Backend): Deployment {
  const has = (capability: string) => model.capabilities?.includes(capability) ?? null;
  const isEmbedding = model.capabilities === null ? null : has('embedding') === true && has('completion') === false;
  const isCloud = /[:-]cloud$/.test(model.name);
  return {
    id: deploymentIdOf(model.name, model.name, backend),
    modelName: model.name,
    backendId: backend.id,
    provider: backend.provider,
    upstreamModel: model.name,
    mode: isEmbedding === null ? modeOf(undefined, null, model.name) : isEmbedding ? 'embedding' : 'chat',
    order: null,
    weight: null,
    rpm: null,
    tpm: null,
    maxParallelRequests: null,
    timeoutMs: 600_000,
    streamTimeoutMs: null,
    loadTimeoutMs: 300_000,
    numRetries: null,
    allowedFails: null,
    cooldownMs: null,
    params: {},
    extraBody: {},
    extraHeaders: {},
    dropParams: false,
    additionalDropParams: [],
    systemPrompt: null,
    price: isCloud ? { ...localPrice, source: 'free' } : localPrice,
    capabilities: { tools: has('tools'), vision: has('vision'), jsonSchema: true, reasoning: has('thinking') },
    // What the model could hold; what the host gives it is the worker's to know.
    maxInputTokens: model.contextLength,
    maxOutputTokens: null,
    dataPolicy: isCloud ? 'may-retain' : 'local',
    tags: [],
    accessGroups: [],
    fallbackModels: [],
    missingVariables: [],
    path: discoveredPath(backend.id),
    modelInfo: {},
  };
}
