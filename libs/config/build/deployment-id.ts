/** Ids of deployments: `model_info.id`, else a hash of what a deployment is, so that tuning it keeps its limits and history. */
import { createHash } from 'node:crypto';
import { DeploymentId, type Backend, type Deployment } from '#contracts';
import type { BuildContext } from './build-context.js';
import type { DeploymentDraft } from './deployment.js';

/** The id of a deployment by name, model and backend: 16 hex digits. Holds no secret's value. */
export function deploymentIdOf(modelName: string, upstreamModel: string, backend: Backend): DeploymentId {
  const identity = JSON.stringify([modelName, upstreamModel, backend.id, backend.apiBase]);
  return DeploymentId.parse(createHash('sha256').update(identity).digest('hex').slice(0, 16));
}

/** Gives each draft its backend and id. Two with the same `model_info.id` are an error, twins without one get a number. */
export function uniqueIds(
  drafts: readonly DeploymentDraft[],
  backends: ReadonlyMap<string, Backend>,
  context: BuildContext,
): Deployment[] {
  const first = new Map<string, DeploymentDraft>();
  const deployments: Deployment[] = [];
  for (const draft of drafts) {
    const backend = backends.get(draft.backendHandle);
    if (backend === undefined) continue;
    const { modelName, upstreamModel } = draft.deployment;
    const own =
      draft.ownId === null ? deploymentIdOf(modelName, upstreamModel, backend) : DeploymentId.parse(draft.ownId);
    const twin = first.get(own);
    if (twin !== undefined && draft.ownId !== null) {
      context.problems.error([...draft.path, 'model_info', 'id'], `${twin.deployment.path} has this id too`);
    } else if (twin !== undefined) {
      context.problems.warning(draft.path, `the same model on the same host as ${twin.deployment.path}`);
    }
    let id = own;
    for (let n = 2; first.has(id); n += 1) id = DeploymentId.parse(`${own}-${n}`);
    first.set(id, draft);
    deployments.push({ ...draft.deployment, id, backendId: backend.id });
  }
  return deployments;
}
