/** Which configured free models their provider no longer offers, told by the list that a probe brings. Pure. */
import type { AlertModelsEvent, Backend, Deployment, InstalledModel } from '#contracts';

/** OpenRouter's own mark. Paid models stay for years, and their 404 is told by requests. */
function isFreeModel(deployment: Deployment): boolean {
  return deployment.upstreamModel.endsWith(':free') && !deployment.upstreamModel.includes('*');
}

/** The configured free models that are not offered; empty where the provider gave no list. */
export function goneFreeModels(
  deployments: readonly Deployment[],
  backend: Backend,
  offered: readonly InstalledModel[] | null,
): AlertModelsEvent['gone'] {
  if (backend.provider !== 'openrouter' || offered === null || offered.length === 0) return [];
  const names = new Set(offered.map((model) => model.name));
  return deployments
    .filter((deployment) => deployment.backendId === backend.id && isFreeModel(deployment))
    .filter((deployment) => !names.has(deployment.upstreamModel))
    .map(({ id, modelName, upstreamModel }) => ({ deploymentId: id, modelName, upstreamModel }));
}

/** Equal for equal news of one day: what a message is deduplicated by. */
export function rosterMessageId(backend: Backend, gone: AlertModelsEvent['gone'], now: Date): string {
  const models = gone.map((model) => model.upstreamModel).toSorted();
  return `models:${backend.id}:${now.toISOString().slice(0, 10)}:${models.join(',')}`;
}
