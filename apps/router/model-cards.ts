/** The models that a key may use, as lists of names and with what is known of each. */
import type { Capabilities, DataPolicy, Endpoint, InstalledModel, ModelCard, Price } from '#contracts';
import { dataPolicies } from '#contracts';
import { withTag, type Candidate } from './candidate.js';
import { fillCandidate } from './filled-candidate.js';
import { mayUse, type KeyScope } from './model-permission.js';
import { wildcardCandidates } from './model-resolution.js';
import type { RouteIndex } from './route-index.js';
import { fillWildcard, isWildcard, matchWildcard } from './wildcard.js';

/** What hosts and clouds say that they have, by backend id. */
export type InstalledModels = ReadonlyMap<string, readonly InstalledModel[]>;

const nothingInstalled: InstalledModels = new Map();

/** A key as lists see it. */
export interface ListingKey extends KeyScope {
  /** Its own aliases. */
  readonly aliases?: Readonly<Record<string, string>> | undefined;
}

/**
 * Names that the key may ask for: its own aliases, those of the config that are not hidden, then groups and complexity
 * routers. Patterns are left out.
 */
export function visibleNames(index: RouteIndex, key: ListingKey): string[] {
  return listModels(index, key, nothingInstalled).map((entry) => entry.name);
}

/** A card for each visible name; wildcards show as the models that their hosts and clouds have. */
export function modelCards(index: RouteIndex, key: ListingKey, installed: InstalledModels): ModelCard[] {
  return listModels(index, key, installed).map((entry) => cardOf(entry.name, entry.candidates, index, installed));
}

interface Listed {
  readonly name: string;
  readonly candidates: readonly Candidate[];
}

function listModels(index: RouteIndex, key: ListingKey, installed: InstalledModels): Listed[] {
  const listed = new Map<string, Listed>();
  const list = (name: string, grantedBy: readonly string[], candidates: readonly Candidate[], keyAlias?: string) => {
    if (!listed.has(name) && mayUse(key, grantedBy, index, keyAlias)) listed.set(name, { name, candidates });
  };
  for (const [alias, name] of Object.entries(key.aliases ?? {})) {
    const path = aliasPath(name, index);
    const candidates = candidatesOf(name, index, new Set());
    if (candidates.length > 0) list(alias, path, candidates, alias);
  }
  for (const [alias, { hidden }] of Object.entries(index.snapshot.routing.aliases)) {
    const path = aliasPath(alias, index);
    if (!hidden) list(alias, path, candidatesOf(path.at(-1) ?? alias, index, new Set()));
  }
  for (const [name, candidates] of index.groups) if (!isWildcard(name)) list(name, [name], candidates);
  for (const name of index.routers.keys()) list(name, [name], candidatesOf(name, index, new Set()));
  for (const { pattern, candidates } of index.wildcards) {
    for (const candidate of candidates) {
      for (const model of installed.get(candidate.backend.id) ?? []) {
        const name = offeredName(pattern.text, candidate, model.name);
        const captured = name === null ? null : matchWildcard(pattern, name);
        if (name !== null && captured !== null) list(name, [name, pattern.text], [fillCandidate(candidate, captured)]);
      }
    }
  }
  return [...listed.values()];
}

/** `ollama/*` with `*` upstream offers an installed `qwen3:8b` as `ollama/qwen3:8b`; other templates can't be turned round. */
function offeredName(pattern: string, candidate: Candidate, model: string): string | null {
  return candidate.deployment.upstreamModel === '*' ? fillWildcard(pattern, [model]) : null;
}

function aliasPath(alias: string, index: RouteIndex): string[] {
  const path = [alias];
  for (;;) {
    const next = index.snapshot.routing.aliases[path.at(-1) ?? alias]?.model;
    if (next === undefined || path.includes(next)) return path;
    path.push(next);
  }
}

/** The deployments behind a name; behind a complexity router those of all its tiers. */
function candidatesOf(name: string, index: RouteIndex, seen: Set<string>): readonly Candidate[] {
  const target = aliasPath(name, index).at(-1) ?? name;
  if (seen.has(target)) return [];
  seen.add(target);
  const router = index.routers.get(target);
  if (router === undefined) return index.groups.get(target) ?? wildcardCandidates(target, index) ?? [];
  const names = [...Object.values(router.tiers).flat(), ...(router.defaultModel === null ? [] : [router.defaultModel])];
  return names.flatMap((tier) => candidatesOf(tier, index, seen));
}

function cardOf(
  id: string,
  candidates: readonly Candidate[],
  index: RouteIndex,
  installed: InstalledModels,
): ModelCard {
  const deployments = candidates.map(({ deployment }) => deployment);
  const facts = candidates.map((candidate) => factsOf(candidate, installed));
  const first = deployments[0];
  return {
    id,
    mode: facts[0]?.mode ?? 'chat',
    provider: index.routers.has(aliasPath(id, index).at(-1) ?? id) ? 'auto_router' : (first?.provider ?? 'unknown'),
    maxInputTokens: largest(facts.map(({ maxInputTokens }) => maxInputTokens)),
    maxOutputTokens: largest(deployments.map((deployment) => deployment.maxOutputTokens)),
    capabilities: capabilitiesOf(facts.map(({ capabilities }) => capabilities)),
    price: commonPrice(deployments.map((deployment) => deployment.price)),
    dataPolicy: loosest(deployments.map((deployment) => deployment.dataPolicy)),
    deploymentIds: deployments.map((deployment) => deployment.id),
  };
}

interface CardFacts {
  readonly mode: Endpoint;
  readonly maxInputTokens: number | null;
  readonly capabilities: Capabilities;
}

/** The config's word, then the table's; what neither says, the host does: Ollama lists context and capabilities of each model. */
function factsOf({ deployment, backend, taggedModel }: Candidate, installed: InstalledModels): CardFacts {
  const said = installed.get(backend.id)?.find(({ name }) => withTag(name) === taggedModel);
  const words = said?.capabilities ?? [];
  const { capabilities: own } = deployment;
  const has = (need: keyof Capabilities, word: string) =>
    own[need] ?? (words.length === 0 ? null : words.includes(word));
  const isVectors = words.includes('embedding') && !words.includes('completion');
  return {
    mode: isVectors && typeof deployment.modelInfo['mode'] !== 'string' ? 'embedding' : deployment.mode,
    maxInputTokens: deployment.maxInputTokens ?? said?.contextLength ?? null,
    capabilities: {
      tools: has('tools', 'tools'),
      vision: has('vision', 'vision'),
      jsonSchema: own.jsonSchema,
      reasoning: has('reasoning', 'thinking'),
    },
  };
}

function largest(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => value ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

/** True where any deployment can, false where all are known not to. */
function capabilitiesOf(all: readonly Capabilities[]): Capabilities {
  const any = (name: keyof Capabilities): boolean | null => {
    const values = all.map((one) => one[name]);
    if (values.includes(true)) return true;
    return values.length > 0 && values.every((value) => value === false) ? false : null;
  };
  return { tools: any('tools'), vision: any('vision'), jsonSchema: any('jsonSchema'), reasoning: any('reasoning') };
}

/** The price where it is the same everywhere; a mixed group has none. */
function commonPrice(prices: readonly (Price | null)[]): Price | null {
  const first = prices[0] ?? null;
  return prices.every((price) => JSON.stringify(price) === JSON.stringify(first)) ? first : null;
}

function loosest(policies: readonly DataPolicy[]): DataPolicy {
  return [...dataPolicies].reverse().find((policy) => policies.includes(policy)) ?? 'may-retain';
}
