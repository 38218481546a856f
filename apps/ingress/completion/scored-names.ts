/** Whether a request may be sorted by a complexity router: only then the router is shown its text. Pure. */
import type { ConfigSnapshot, PlanOverrides } from '#contracts';

const mostHops = 8;

/** Whether the config's own fallbacks lead to a complexity router, by snapshot: its lists can be long. */
const fallsBackToRouter = new WeakMap<ConfigSnapshot, boolean>();

/** True where the name, a fallback of the request's own or any of the config's leads to a complexity router. */
export function mayBeScored(snapshot: ConfigSnapshot, model: string, overrides: PlanOverrides): boolean {
  if (snapshot.complexityRouters.length === 0) return false;
  const { fallbacks, contextWindowFallbacks = [], contentPolicyFallbacks = [], disableFallbacks } = overrides;
  const chosen = [model, ...(fallbacks ?? []), ...contextWindowFallbacks, ...contentPolicyFallbacks];
  if (chosen.some((name) => leadsToRouter(name, snapshot))) return true;
  return !disableFallbacks && configFallsBackToRouter(snapshot);
}

function configFallsBackToRouter(snapshot: ConfigSnapshot): boolean {
  const known = fallsBackToRouter.get(snapshot);
  if (known !== undefined) return known;
  const { fallbacks, contextWindowFallbacks, contentPolicyFallbacks, defaultFallbacks } = snapshot.routing;
  const names = [
    ...[fallbacks, contextWindowFallbacks, contentPolicyFallbacks].flatMap((map) => Object.values(map).flat()),
    ...defaultFallbacks,
    ...snapshot.deployments.flatMap((deployment) => deployment.fallbackModels),
  ];
  const found = names.some((name) => leadsToRouter(name, snapshot));
  fallsBackToRouter.set(snapshot, found);
  return found;
}

function leadsToRouter(model: string, { complexityRouters, routing: { aliases } }: ConfigSnapshot): boolean {
  let name: string | undefined = model;
  for (let hops = 0; name !== undefined && hops < mostHops; hops += 1) {
    const at: string = name;
    if (Object.hasOwn(aliases, at)) name = aliases[at]?.model;
    else return complexityRouters.some((router) => router.modelName === at);
  }
  return false;
}
