/** Which configured free models their provider no longer offers, and what could stand in for them. Pure. */
import type { AlertModelsEvent, Backend, Deployment, InstalledModel, RetiredModel } from '#contracts';
import { isFreeName, replacementsFor, type FreeModel } from './replacement.js';

/** Paid models stay for years, and their 404 is told by requests. */
function isFreeModel(deployment: Deployment): boolean {
  return isFreeName(deployment.upstreamModel) && !deployment.upstreamModel.includes('*');
}

/** The configured free models of an account, by the list of those that it offers; empty where the provider gave no list. */
export function goneDeployments(
  deployments: readonly Deployment[],
  backend: Backend,
  offered: readonly { readonly id: string }[] | null,
): Deployment[] {
  if (backend.provider !== 'openrouter' || offered === null || offered.length === 0) return [];
  const names = new Set(offered.map((model) => model.id));
  return deployments
    .filter((deployment) => deployment.backendId === backend.id && isFreeModel(deployment))
    .filter((deployment) => !names.has(deployment.upstreamModel));
}

/** The models of an account that the config names already. */
export function takenModels(deployments: readonly Deployment[], backend: Backend): Set<string> {
  return new Set(
    deployments
      .filter((deployment) => deployment.backendId === backend.id)
      .map((deployment) => deployment.upstreamModel),
  );
}

/** What the config, and a list from before it went, say of a model that is gone. */
export function wantedOf(deployment: Deployment, before: FreeModel | undefined) {
  const { tools, vision, reasoning } = deployment.capabilities;
  const declared = [
    ...(tools === true ? ['tools'] : []),
    ...(vision === true ? ['vision'] : []),
    ...(reasoning === true ? ['thinking'] : []),
  ];
  return {
    id: deployment.upstreamModel,
    strengths: [...new Set([...declared, ...(before?.strengths ?? [])])],
    contextLength: deployment.maxInputTokens,
  };
}

/** A probe's list as the choice of a replacement needs it. */
export function offeredModels(installed: readonly InstalledModel[]): FreeModel[] {
  return installed.map(({ name, contextLength, capabilities }) => ({
    id: name,
    contextLength,
    strengths: capabilities ?? [],
    created: 0,
    expires: null,
  }));
}

/** The free models that are gone, each with the best stand-in. `before`: what was offered earlier, by id. */
export function retiredModels(
  deployments: readonly Deployment[],
  backend: Backend,
  offered: readonly FreeModel[] | null,
  before: ReadonlyMap<string, FreeModel>,
  now: Date,
): RetiredModel[] {
  const taken = takenModels(deployments, backend);
  return goneDeployments(deployments, backend, offered).map((deployment) => {
    const wanted = wantedOf(deployment, before.get(deployment.upstreamModel));
    const [best] = replacementsFor(wanted, offered ?? [], taken, now);
    return {
      deploymentId: deployment.id,
      modelName: deployment.modelName,
      upstreamModel: deployment.upstreamModel,
      replacement:
        best === undefined
          ? null
          : { upstreamModel: best.id, contextLength: best.contextLength, capabilities: [...best.strengths] },
    };
  });
}

/** Equal for equal news of one day: what a message is deduplicated by. */
export function rosterMessageId(backend: Backend, gone: AlertModelsEvent['gone'], now: Date): string {
  const models = gone.map((model) => model.upstreamModel).toSorted();
  return `models:${backend.id}:${now.toISOString().slice(0, 10)}:${models.join(',')}`;
}
