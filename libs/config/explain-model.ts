/** What a config says about one model name, as lines for a terminal. The router's live state is not part of it. */
import type { ConfigSnapshot, Deployment } from '#contracts';
import { own } from './source/plain-map.js';

/** The way of `name` through aliases, tiers, deployments and fallbacks, in the order in which they are tried. */
export function explainModel(snapshot: ConfigSnapshot, name: string): string[] {
  const lines = [...describeName(snapshot, name, '')];
  const tried = new Set(namesOn(snapshot, name));
  const queue = fallbacksOf(snapshot, [...tried]);
  let left = snapshot.routing.maxFallbacks;
  while (queue.length > 0 && left > 0) {
    const next = queue.shift();
    if (next === undefined) continue;
    const way = namesOn(snapshot, next);
    // Two aliases of one model are one model: it is tried once.
    if (way.some((step) => tried.has(step))) continue;
    left -= 1;
    for (const step of way) tried.add(step);
    lines.push(`then, if that fails: ${next}`, ...describeName(snapshot, next, '  '));
    queue.push(...fallbacksOf(snapshot, way));
  }
  const typed = [
    ['if the prompt is too long', snapshot.routing.contextWindowFallbacks],
    ['if a content policy refuses', snapshot.routing.contentPolicyFallbacks],
  ] as const;
  for (const [when, lists] of typed) {
    const targets = namesOn(snapshot, name).flatMap((step) => own(lists, step) ?? []);
    if (targets.length > 0) lines.push(`${when}: ${targets.join(', ')}`);
  }
  return lines;
}

/** The name and what its aliases lead to. Circles end where they close. */
function namesOn({ routing }: ConfigSnapshot, name: string): string[] {
  const names: string[] = [];
  for (let next: string | undefined = name; next !== undefined && !names.includes(next);) {
    names.push(next);
    next = own(routing.aliases, next)?.model;
  }
  return names;
}

function fallbacksOf({ routing, deployments }: ConfigSnapshot, names: readonly string[]): string[] {
  const atEntries = deployments
    .filter(({ modelName }) => names.includes(modelName))
    .flatMap(({ fallbackModels }) => fallbackModels);
  const listed = names.flatMap((name) => own(routing.fallbacks, name) ?? []);
  const all = [...listed, ...atEntries, ...(routing.fallbacks['*'] ?? [])];
  return all.length > 0 ? all : [...routing.defaultFallbacks];
}

function describeName(snapshot: ConfigSnapshot, name: string, indent: string): string[] {
  const names = namesOn(snapshot, name);
  const group = names.at(-1) ?? name;
  const lines = names.length > 1 ? [`${indent}${names.join(' -> ')} (alias)`] : [];
  const router = snapshot.complexityRouters.find(({ modelName }) => modelName === group);
  if (router !== undefined) {
    for (const [tier, models] of Object.entries(router.tiers)) lines.push(`${indent}${tier}: ${models.join(' or ')}`);
    if (router.defaultModel !== null) lines.push(`${indent}without text: ${router.defaultModel}`);
    return lines;
  }
  const found = deploymentsOf(snapshot, group);
  if (found.length === 0) return [...lines, `${indent}there is no model '${group}'`];
  const sorted = found.toSorted((a, b) => (a.order ?? Infinity) - (b.order ?? Infinity));
  return [...lines, ...sorted.map((deployment) => indent + describeDeployment(deployment))];
}

function deploymentsOf({ deployments }: ConfigSnapshot, name: string): readonly Deployment[] {
  const exact = deployments.filter(({ modelName }) => modelName === name);
  if (exact.length > 0) return exact;
  const wildcards = deployments.filter(({ modelName }) => {
    const [head = '', ...tail] = modelName.split('*');
    return tail.length > 0 && name.startsWith(head) && name.endsWith(tail.at(-1) ?? '');
  });
  const closest = Math.max(0, ...wildcards.map(({ modelName }) => modelName.length));
  return wildcards.filter(({ modelName }) => modelName.length === closest);
}

function describeDeployment(deployment: Deployment): string {
  const { order, rpm, tpm, weight, price, maxInputTokens, missingVariables } = deployment;
  const facts = [
    order === null ? null : `order ${order}`,
    weight === null ? null : `weight ${weight}`,
    rpm === null ? null : `${rpm} requests/min`,
    tpm === null ? null : `${tpm} tokens/min`,
    `timeout ${deployment.timeoutMs / 1000} s`,
    maxInputTokens === null ? null : `context ${maxInputTokens}`,
    price === null ? 'price unknown' : priceText(price),
    `data policy ${deployment.dataPolicy}`,
    deployment.systemPrompt === null ? null : 'with a system prompt',
    missingVariables.length === 0 ? null : `OUT: ${missingVariables.join(', ')} not set`,
  ].filter((fact) => fact !== null);
  return `${deployment.upstreamModel} on ${deployment.backendId} (${facts.join(', ')}) [${deployment.path}]`;
}

function priceText(price: NonNullable<Deployment['price']>): string {
  if (price.source === 'local' || price.source === 'free') return 'free';
  return `$${price.inputPerMillion} in, $${price.outputPerMillion} out per million tokens`;
}
