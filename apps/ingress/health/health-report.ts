/** GET /health: LiteLLM's two lists, and for each backend its state, last probe, loaded models and why not. Pure. */
import type { Backend, BackendHealth, ConfigSnapshot, Deployment, RetiredModel } from '#contracts';

export interface CoolingDeployment {
  readonly deploymentId: string;
  readonly coolingUntil: string | null;
  readonly coolingReason: string | null;
  readonly inFlight: number;
}

/** The queue of a local host, as its worker tells it. */
export interface HostQueueState {
  readonly backendId: string;
  readonly running: number;
  readonly waiting: number;
  readonly expectedWaitMs: number | null;
  readonly swaps: number;
  readonly draining: boolean;
}

export interface HealthFacts {
  readonly snapshot: ConfigSnapshot;
  readonly healthOf: (backendId: string) => BackendHealth | null;
  readonly cooling: readonly CoolingDeployment[];
  readonly queues: readonly HostQueueState[];
  /** Only these endpoints: LiteLLM's `?model=` (as clients ask for it, or as it is upstream) and `?model_id=`. */
  readonly model?: string | null;
  readonly modelId?: string | null;
}

/** The body of GET /health. */
export function healthReport(facts: HealthFacts): object {
  const { snapshot } = facts;
  const cooling = new Map(facts.cooling.map((entry) => [entry.deploymentId, entry]));
  const queues = new Map(facts.queues.map((queue) => [queue.backendId, queue]));
  const asked = snapshot.deployments.filter((deployment) => isAsked(deployment, facts));
  const endpoints = asked.map((deployment) =>
    endpointOf(deployment, facts, cooling.get(deployment.id), queues.get(deployment.backendId)?.draining ?? false),
  );
  const healthy = endpoints.filter((endpoint) => endpoint.error === undefined);
  const unhealthy = endpoints.filter((endpoint) => endpoint.error !== undefined);
  return {
    healthy_endpoints: healthy,
    unhealthy_endpoints: unhealthy,
    healthy_count: healthy.length,
    unhealthy_count: unhealthy.length,
    backends: snapshot.backends.map((backend) =>
      backendOf(backend, facts.healthOf(backend.id), queues.get(backend.id)),
    ),
    config: { revision: snapshot.revision, problems: snapshot.problems, refused: snapshot.refused },
  };
}

function isAsked(deployment: Deployment, { snapshot, model = null, modelId = null }: HealthFacts): boolean {
  const { id, modelName, provider, upstreamModel } = deployment;
  if (modelId !== null && id !== modelId) return false;
  if (model === null) return true;
  const { aliases } = snapshot.routing;
  const names = new Set([model]);
  for (let at = model; Object.hasOwn(aliases, at);) {
    at = aliases[at]?.model ?? '';
    if (names.has(at)) break;
    names.add(at);
  }
  return [modelName, upstreamModel, `${provider}/${upstreamModel}`].some((name) => names.has(name));
}

interface EndpointReport {
  readonly model: string;
  readonly model_id: string;
  readonly backend: string;
  readonly provider: string;
  readonly upstream_model: string;
  readonly api_base?: string;
  readonly error?: string;
}

function endpointOf(
  deployment: Deployment,
  facts: HealthFacts,
  cooling: CoolingDeployment | undefined,
  isDraining: boolean,
): EndpointReport {
  const why =
    whyNot(deployment, facts.healthOf(deployment.backendId), cooling) ??
    (isDraining ? 'the backend is being drained' : null);
  const apiBase = facts.snapshot.backends.find((backend) => backend.id === deployment.backendId)?.apiBase;
  return {
    model: deployment.modelName,
    model_id: deployment.id,
    backend: deployment.backendId,
    provider: deployment.provider,
    upstream_model: deployment.upstreamModel,
    ...(apiBase === undefined ? {} : { api_base: apiBase }),
    ...(why === null ? {} : { error: why }),
  };
}

function whyNot(
  deployment: Deployment,
  health: BackendHealth | null,
  cooling: CoolingDeployment | undefined,
): string | null {
  if (deployment.missingVariables.length > 0)
    return `not set in the environment: ${deployment.missingVariables.join(', ')}`;
  if (health !== null && health.state === 'unhealthy') return health.reason ?? 'unhealthy';
  const retired = health?.retired?.find((model) => model.deploymentId === deployment.id);
  if (retired !== undefined) return retiredText(retired);
  if (cooling !== undefined && cooling.coolingUntil !== null)
    return `cooling down until ${cooling.coolingUntil}: ${cooling.coolingReason ?? 'failures'}`;
  const installed = health?.installed ?? null;
  if (
    installed !== null &&
    deployment.provider.startsWith('ollama') &&
    !deployment.upstreamModel.includes('*') &&
    !installed.some((model) => sameModel(model.name, deployment.upstreamModel))
  ) {
    return `the host has no model '${deployment.upstreamModel}': ollama pull ${deployment.upstreamModel}`;
  }
  return null;
}

function retiredText({ upstreamModel, replacement }: RetiredModel): string {
  const gone = `the provider no longer offers '${upstreamModel}'`;
  if (replacement === null) return gone;
  const { contextLength, capabilities } = replacement;
  const facts = [...(contextLength === null ? [] : [`${contextLength} tokens`]), ...capabilities].join(', ');
  const what = facts === '' ? '' : ` (${facts})`;
  return `${gone}; '${replacement.upstreamModel}'${what} could replace it: signalbox models refresh --write`;
}

function backendOf(
  { id, provider, apiBase }: Backend,
  health: BackendHealth | null,
  queue: HostQueueState | undefined,
): object {
  const waiting = queue === undefined ? {} : { queue: queueEntry(queue) };
  if (health === null)
    return { id, provider, api_base: apiBase, state: 'unknown', reason: 'not probed yet', ...waiting };
  const { state, reason, since, lastProbeAt, probeLatencyMs, version, installed, loaded, retired } = health;
  return {
    id,
    provider,
    api_base: apiBase,
    state,
    reason,
    since,
    last_probe_at: lastProbeAt,
    probe_latency_ms: probeLatencyMs,
    version,
    models: installed === null ? null : installed.map((model) => model.name),
    loaded_models: loaded,
    ...waiting,
    ...(retired === undefined ? {} : { retired_models: retired.map(retiredEntry) }),
  };
}

function queueEntry({ running, waiting, expectedWaitMs, swaps, draining }: HostQueueState): object {
  const wait = expectedWaitMs === null ? null : Math.round(expectedWaitMs);
  return { running, waiting, expected_wait_ms: wait, model_swaps: swaps, draining };
}

function retiredEntry({ modelName, upstreamModel, replacement }: RetiredModel): object {
  return { model: modelName, upstream_model: upstreamModel, replacement: replacement?.upstreamModel ?? null };
}

/** Ollama's names are equal without case and with `:latest` added. */
export function sameModel(a: string, b: string): boolean {
  return tagged(a) === tagged(b);
}

function tagged(name: string): string {
  const lower = name.toLowerCase();
  return lower.slice(lower.lastIndexOf('/') + 1).includes(':') ? lower : `${lower}:latest`;
}
