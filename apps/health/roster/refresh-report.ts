/** What `signalbox models refresh` says of one account. Pure. */
import type { Backend, Deployment } from '#contracts';
import type { OfferedModel } from '#wire';
import { goneDeployments, takenModels, wantedOf } from './free-roster.js';
import { describeModel, isFreeName, replacementsFor, type FreeModel } from './replacement.js';

export interface AccountReport {
  readonly lines: readonly string[];
  /** Gone model -> its best replacement. */
  readonly names: ReadonlyMap<string, string>;
}

/** Lines for a terminal, and what to write. Two models that are gone get different replacements where there are enough. */
export function accountReport(
  account: Backend,
  deployments: readonly Deployment[],
  offered: readonly OfferedModel[],
  now: Date,
): AccountReport {
  const own = deployments.filter((deployment) => deployment.backendId === account.id);
  const free = own.filter(({ upstreamModel }) => isFreeName(upstreamModel) && !upstreamModel.includes('*'));
  const gone = goneDeployments(own, account, offered);
  const byId = new Map(offered.map((model) => [model.id, model]));
  const taken = takenModels(own, account);
  const names = new Map<string, string>();
  const lines = [`${account.apiBase}: ${gone.length} of ${free.length} configured free models are gone`];
  for (const deployment of gone) {
    const { upstreamModel } = deployment;
    if (names.has(upstreamModel)) {
      lines.push(`${deployment.modelName} (${deployment.path}): ${upstreamModel}, as above`);
      continue;
    }
    const choices = replacementsFor(wantedOf(deployment, undefined), offered, taken, now);
    const [best] = choices;
    lines.push(`${deployment.modelName} (${deployment.path}): ${upstreamModel} is no longer offered`);
    lines.push(...choices.map((model, index) => choiceLine(model, deployment, index === 0)));
    if (best === undefined) lines.push('  nothing else is free there');
    const paid = byId.get(upstreamModel.replace(/:free$/, ''));
    if (paid !== undefined) lines.push(paidLine(paid));
    if (best === undefined) continue;
    names.set(upstreamModel, best.id);
    taken.add(best.id);
  }
  for (const { modelName, upstreamModel, path } of free) {
    const day = byId.get(upstreamModel)?.expires;
    if (day != null) lines.push(`${modelName} (${path}): ${upstreamModel} goes on ${day}`);
  }
  return { lines, names };
}

/** The data policy is that of the deployment: what its owner wrote, or what is known of free models. */
function choiceLine(model: FreeModel, { dataPolicy, maxInputTokens }: Deployment, isBest: boolean): string {
  const shorter = maxInputTokens !== null && (model.contextLength ?? 0) < maxInputTokens;
  const warning = shorter ? `; less than the ${maxInputTokens} tokens of the config` : '';
  return `  ${isBest ? 'replace it by' : 'or by        '} ${model.id}: ${describeModel(model)}; data policy ${dataPolicy}${warning}`;
}

function paidLine({ id, price }: OfferedModel): string {
  const cost = price === null ? '' : ` ($${price.input} in, $${price.output} out per million tokens)`;
  return `  it stays for money as ${id}${cost}`;
}
