/** What the config says of one host, in the form its queue needs. Pure. */
import type { Backend, ConfigSnapshot, Deployment } from '#contracts';
import type { QueueLimits } from '../queue/host-queue.js';

/** Requests that an engine batches well by itself, where the config says nothing. vLLM and TGI schedule for themselves. */
const usualParallel: Readonly<Record<string, number>> = { lm_studio: 1, llamafile: 1, llamacpp: 1, hosted_vllm: 64 };

/** The limits of a host's queue. `numParallel`: OLLAMA_NUM_PARALLEL of this process' environment; `slots`: what the engine says. */
export function queueLimitsOf(
  backend: Backend,
  general: Pick<ConfigSnapshot['general'], 'maxQueueLength' | 'maxModelWaitMs'>,
  numParallel: string | undefined,
  slots: number | null = null,
): QueueLimits {
  const fromEnvironment = Number(numParallel);
  const ollamaDefault = Number.isInteger(fromEnvironment) && fromEnvironment > 0 ? fromEnvironment : 1;
  const usual = backend.dialect === 'ollama' ? ollamaDefault : (usualParallel[backend.provider] ?? 16);
  return {
    maxParallel: backend.maxParallelRequests ?? slots ?? usual,
    maxLength: general.maxQueueLength,
    maxModelWaitMs: general.maxModelWaitMs,
  };
}

/** Local backends that this worker serves. `named`: those it was started for; null = all. */
export function backendsToServe(snapshot: ConfigSnapshot, named: readonly string[] | null): Backend[] {
  return snapshot.backends.filter(
    (backend) => backend.kind === 'local' && (named === null || named.includes(backend.id)),
  );
}

/** Deployments on a host, for what is kept warm and pulled there. */
export function deploymentsOn(snapshot: ConfigSnapshot, backend: Backend): Deployment[] {
  return snapshot.deployments.filter(
    (deployment) => deployment.backendId === backend.id && !deployment.upstreamModel.includes('*'),
  );
}

/** Deployments of this host that `keep_warm` names, by the client's name or the upstream's. */
export function keptWarm(snapshot: ConfigSnapshot, backend: Backend): Deployment[] {
  const names = new Set(snapshot.general.keepWarm);
  return deploymentsOn(snapshot, backend).filter(
    (deployment) => names.has(deployment.modelName) || names.has(deployment.upstreamModel),
  );
}
