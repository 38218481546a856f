/** The snapshot by name, built once per revision, so that no request looks through all deployments. */
import type { Backend, ComplexityRouter, ConfigSnapshot } from '#contracts';
import { withTag, type Candidate } from './candidate.js';
import { isWildcard, wildcardPattern, type WildcardPattern } from './wildcard.js';

export interface WildcardGroup {
  readonly pattern: WildcardPattern;
  readonly candidates: readonly Candidate[];
}

export interface RouteIndex {
  readonly snapshot: ConfigSnapshot;
  readonly backends: ReadonlyMap<string, Backend>;
  /** Deployments by `model_name`. */
  readonly groups: ReadonlyMap<string, readonly Candidate[]>;
  /** Closest pattern first. */
  readonly wildcards: readonly WildcardGroup[];
  readonly byId: ReadonlyMap<string, Candidate>;
  /** By `provider/model` and by the upstream's bare name. */
  readonly byUpstream: ReadonlyMap<string, readonly Candidate[]>;
  /** Local group names by their name with the tag: `mistral` and `mistral:latest` are one. */
  readonly localNames: ReadonlyMap<string, string>;
  readonly routers: ReadonlyMap<string, ComplexityRouter>;
  /** Access group -> model names. */
  readonly accessGroups: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Indexes a snapshot. Deployments whose backend is missing are left out. */
export function buildRouteIndex(snapshot: ConfigSnapshot): RouteIndex {
  const backends = new Map<string, Backend>(snapshot.backends.map((backend) => [backend.id, backend]));
  const groups = new Map<string, Candidate[]>();
  const byId = new Map<string, Candidate>();
  const byUpstream = new Map<string, Candidate[]>();
  const localNames = new Map<string, string>();
  const accessGroups = new Map<string, Set<string>>();
  for (const deployment of snapshot.deployments) {
    const backend = backends.get(deployment.backendId);
    if (backend === undefined) continue;
    const { upstreamModel } = deployment;
    const candidate: Candidate = { deployment, backend, upstreamModel, taggedModel: withTag(upstreamModel) };
    listUnder(groups, deployment.modelName, candidate);
    byId.set(deployment.id, candidate);
    if (!isWildcard(deployment.upstreamModel)) {
      listUnder(byUpstream, `${deployment.provider}/${deployment.upstreamModel}`, candidate);
      // LiteLLM's other prefix for the same hosts.
      if (deployment.provider === 'ollama') listUnder(byUpstream, `ollama_chat/${deployment.upstreamModel}`, candidate);
      listUnder(byUpstream, deployment.upstreamModel, candidate);
    }
    if (backend.kind === 'local') localNames.set(withTag(deployment.modelName), deployment.modelName);
    for (const group of deployment.accessGroups) nameUnder(accessGroups, group, deployment.modelName);
  }
  return {
    snapshot,
    backends,
    groups,
    wildcards: wildcardGroups(groups),
    byId,
    byUpstream,
    localNames,
    routers: new Map(snapshot.complexityRouters.map((router) => [router.modelName, router])),
    accessGroups,
  };
}

function wildcardGroups(groups: ReadonlyMap<string, readonly Candidate[]>): WildcardGroup[] {
  return [...groups]
    .filter(([name]) => isWildcard(name))
    .map(([name, candidates]) => ({ pattern: wildcardPattern(name), candidates }))
    .sort((a, b) => b.pattern.literals - a.pattern.literals || (a.pattern.text < b.pattern.text ? -1 : 1));
}

function listUnder<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function nameUnder(map: Map<string, Set<string>>, key: string, name: string): void {
  const names = map.get(key);
  if (names === undefined) map.set(key, new Set([name]));
  else names.add(name);
}
