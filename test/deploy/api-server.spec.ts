/** The chart on a real API server: what admission says to its pods, what an upgrade replaces, what is left behind. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  apply,
  deploy,
  found,
  helmAt,
  kubectl,
  reachable,
  registerOperators,
  restricted,
  type Answer,
} from './api-server.js';
import { containersOf, kindOf, nameOf, podsOf } from './chart.js';
import { rendered } from './chart-combinations.js';
import { at, documents, list, run, text, tree, type Tree } from './deployment-files.js';

const minimal = { examples: ['minimal'] };
const namespace = 'signalbox-chart-test';
const overlay = 'signalbox-kustomize-test';
const into = (where: string) => (object: Tree) => ({
  ...object,
  metadata: { ...tree(object['metadata']), namespace: where },
});
const why = reachable ? '' : ' (skipped: no SIGNALBOX_TEST_KUBECONFIG, or no helm or kubectl)';

const said = ({ code, output }: Answer): string => {
  expect(code, output).toBe(0);
  return output;
};
/** Everything that the release may have made; the ones that the server makes in each namespace are left out. */
const objectsIn = (where: string) =>
  found(where, 'all,configmap,secret,serviceaccount,networkpolicy,pdb,hpa,ingress,job')
    .filter((object) => !['kube-root-ca.crt', 'default'].includes(nameOf(object)))
    .map((object) => `${kindOf(object)} ${nameOf(object)}`);
/** Generation by workload: it grows with each change of the spec, so also with each change of the pod template. */
const generations = (where: string) =>
  new Map(
    found(where, 'deployments,statefulsets').map((one) => [nameOf(one), Number(at(one, 'metadata', 'generation'))]),
  );

/** A pod as its controller would make it, without what the cluster has to have: an account, the class of a GPU operator, claims. */
function podOf(name: string, metadata: Tree, spec: Tree): Tree {
  const volumes = list(spec['volumes']);
  const has = new Set(volumes.map((volume) => at(volume, 'name')));
  const mounted = containersOf(spec).flatMap((one) => list(at(one, 'volumeMounts')).map((mount) => at(mount, 'name')));
  const claims = [...new Set(mounted)]
    .filter((mount) => !has.has(mount))
    .map((mount) => ({ name: mount, emptyDir: {} }));
  const lacking = { serviceAccountName: undefined, runtimeClassName: undefined, volumes: [...volumes, ...claims] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: metadata['labels'] },
    spec: { ...spec, ...lacking },
  };
}

describe.skipIf(!reachable)(`the chart on an API server${why}`, () => {
  beforeAll(() => {
    registerOperators();
    restricted(namespace);
  });

  it('enforces restricted Pod Security, or the next tests would say nothing', () => {
    const pod = { containers: [{ name: 'x', image: 'x' }] };
    const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace }, spec: pod };
    expect(() => apply([object], '--dry-run=server')).toThrow(/violates PodSecurity "restricted/);
  });

  it.each(rendered)('%s: each object and each pod is taken, without a warning', (_name, objects) => {
    expect(apply(objects.map(into(namespace)), '--dry-run=server')).not.toMatch(/warning/i);
    const pods = podsOf(objects).map(({ metadata, spec }, index) => podOf(`pod-${index}`, metadata, spec));
    expect(apply(pods, '--dry-run=server')).not.toMatch(/warning/i);
  });

  it('the kustomize example: taken without a warning, and applied again it changes nothing', () => {
    // Not in the namespace that the overlay names: somebody may have a gateway there.
    restricted(overlay);
    const objects = documents(run('kubectl', ['kustomize', 'deploy/kustomize/overlays/homelab'])).map(into(overlay));
    const args = ['--server-side', '--field-manager', 'argocd-controller'];
    expect(apply(objects, ...args)).not.toMatch(/warning/i);
    const before = generations(overlay);
    expect(apply(objects, ...args)).not.toMatch(/warning/i);
    expect(generations(overlay)).toEqual(before);
    expect(new Set(before.values())).toEqual(new Set([1]));
    kubectl('delete', 'namespace', overlay, '--wait=false');
  });

  it('an upgrade replaces nothing without a change, and those that read the config with one', () => {
    expect(said(deploy('install', namespace, minimal))).not.toMatch(/warning: would violate/i);
    const before = generations(namespace);
    expect(before.size).toBe(8);
    said(deploy('upgrade', namespace, minimal));
    expect(generations(namespace)).toEqual(before);
    said(deploy('upgrade', namespace, { ...minimal, values: { config: { content: { litellm_settings: {} } } } }));
    const rolled = [...generations(namespace)].filter(([name, now]) => now !== before.get(name));
    const readers = ['accounting', 'ingress', 'provider-cloud', 'provider-ollama', 'router'];
    expect(rolled.map(([name]) => name).sort()).toEqual(readers.map((name) => `sb-signalbox-${name}`));
  });

  it('a second release and one with the longest name live beside it; all go without a trace', async () => {
    const releases = ['sb', 'sb2', 'r'.repeat(53)];
    for (const release of releases.slice(1)) said(deploy('install', namespace, { ...minimal, release }));
    await expect
      .poll(() => found(namespace, 'pods').length, { timeout: 30_000 })
      .toBeGreaterThanOrEqual(8 * releases.length);
    for (const release of releases) {
      const labels = `app.kubernetes.io/component=ingress,app.kubernetes.io/instance=${release}`;
      const [service] = found(namespace, 'services', '-l', labels);
      const selector = Object.entries(tree(at(service, 'spec', 'selector'))).map((pair) => pair.map(text).join('='));
      const pods = found(namespace, 'pods', '-l', selector.join(','));
      const owners = pods.map((pod) => at(pod, 'metadata', 'labels', 'app.kubernetes.io/instance'));
      expect([...new Set(owners)]).toEqual([release]);
    }
    for (const release of releases) said(helmAt(namespace, 'uninstall', release));
    await expect.poll(() => objectsIn(namespace), { timeout: 60_000 }).toEqual([]);
    // Kept on purpose: what NATS and the trial's PostgreSQL have written.
    expect(found(namespace, 'pvc').length).toBe(2 * releases.length);
    kubectl('delete', 'namespace', namespace, '--wait=false');
  });
});
