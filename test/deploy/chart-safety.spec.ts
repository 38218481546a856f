/** What the chart promises whatever the values are, over every example: security, probes, drain, names, hooks, stability. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chart, componentOf, containersOf, helm, kindOf, nameOf, ofKind, podsOf, render, template } from './chart.js';
import { at, attempt, list, root, text, tree } from './deployment-files.js';

const examples = readdirSync(join(root, chart, 'ci')).map((file) => file.replace('-values.yaml', ''));
const rendered = helm === null ? [] : examples.map((name) => [name, render({ examples: [name] })] as const);
const probeNames = ['startupProbe', 'livenessProbe', 'readinessProbe'];
const clusterScoped = [
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
];

describe.skipIf(helm === null)('the chart, rendered (skipped where helm is not installed)', () => {
  it.each(examples)('%s: helm lint finds nothing', (name) => {
    const { code, output } = attempt('helm', [
      'lint',
      chart,
      '--strict',
      '--kube-version',
      '1.30.0',
      '-f',
      `${chart}/ci/${name}-values.yaml`,
    ]);
    expect(code, output).toBe(0);
  });

  it.each(rendered)('%s: renders the same twice, without holes, nothing of the whole cluster', (name, objects) => {
    const { output } = template({ examples: [name] });
    expect(output).not.toContain('<no value>');
    expect(template({ examples: [name] }).output).toBe(output);
    const names = objects.map((object) => `${kindOf(object)} ${nameOf(object)}`);
    // The config check has a ConfigMap and a Job of one name; kinds differ.
    expect(new Set(names).size).toBe(names.length);
    expect(objects.map((object) => kindOf(object)).filter((kind) => clusterScoped.includes(kind))).toEqual([]);
  });

  it.each(rendered)('%s: restricted Pod Security holds for every pod', (_name, objects) => {
    for (const { owner, spec } of podsOf(objects)) {
      const pod = at(spec, 'securityContext');
      expect(at(pod, 'runAsNonRoot'), owner).toBe(true);
      expect(at(pod, 'seccompProfile', 'type'), owner).toBe('RuntimeDefault');
      expect(Number(at(pod, 'runAsUser')), owner).toBeGreaterThan(0);
      expect(at(spec, 'automountServiceAccountToken'), owner).toBe(false);
      expect([at(spec, 'hostNetwork'), at(spec, 'hostPID'), at(spec, 'hostIPC')], owner).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      for (const container of containersOf(spec)) {
        const own = at(container, 'securityContext');
        expect(at(own, 'allowPrivilegeEscalation'), owner).toBe(false);
        expect(at(own, 'readOnlyRootFilesystem'), owner).toBe(true);
        expect(at(own, 'capabilities'), owner).toEqual({ drop: ['ALL'] });
        expect(
          list(at(container, 'ports')).filter((port) => at(port, 'hostPort') !== undefined),
          owner,
        ).toEqual([]);
        expect(at(container, 'resources', 'limits', 'memory'), owner).toBeDefined();
        expect(at(container, 'resources', 'limits', 'cpu'), owner).toBeUndefined();
      }
      const kinds = list(at(spec, 'volumes'))
        .flatMap((volume) => Object.keys(tree(volume)))
        .filter((key) => key !== 'name');
      expect(
        kinds.filter((kind) => !['emptyDir', 'configMap', 'secret'].includes(kind)),
        owner,
      ).toEqual([]);
    }
  });

  it.each(rendered)('%s: probes have time, and liveness asks something else than readiness', (_name, objects) => {
    for (const object of ofKind(objects, 'Deployment', 'StatefulSet')) {
      for (const container of containersOf(at(object, 'spec', 'template', 'spec'))) {
        const probes = probeNames.map((probe) => at(container, probe));
        for (const probe of probes)
          expect(Number(at(probe, 'timeoutSeconds')), nameOf(object)).toBeGreaterThanOrEqual(2);
        const [, liveness, readiness] = probes.map((probe) =>
          JSON.stringify(at(probe, 'httpGet') ?? at(probe, 'exec') ?? at(probe, 'tcpSocket')),
        );
        expect(liveness, nameOf(object)).not.toBe(readiness);
      }
    }
  });

  it.each(rendered)('%s: a pod has more time to end than its drain and the wait before it take', (_name, objects) => {
    for (const object of ofKind(objects, 'Deployment')) {
      const spec = at(object, 'spec', 'template', 'spec');
      const [container] = containersOf(spec);
      const drain = list(at(container, 'env')).find((entry) => at(entry, 'name') === 'SIGNALBOX_DRAIN_SECONDS');
      const seconds = Number(at(drain, 'value'));
      expect(seconds).toBeGreaterThan(30);
      expect(Number(at(spec, 'terminationGracePeriodSeconds'))).toBeGreaterThanOrEqual(seconds + 5 + 10);
      expect(at(object, 'spec', 'strategy', 'rollingUpdate', 'maxUnavailable')).toBe(0);
    }
  });

  it.each(rendered)('%s: no variable twice, every port of a Service is a port of its pods', (_name, objects) => {
    const pods = podsOf(objects);
    for (const { owner, spec } of pods) {
      for (const container of containersOf(spec)) {
        const names = list(at(container, 'env')).map((entry) => at(entry, 'name'));
        expect(new Set(names).size, owner).toBe(names.length);
      }
    }
    for (const service of ofKind(objects, 'Service')) {
      const selector = Object.entries(tree(at(service, 'spec', 'selector')));
      const chosen = pods.filter(({ metadata }) =>
        selector.every(([label, value]) => at(metadata, 'labels', label) === value),
      );
      expect(chosen.length, nameOf(service)).toBeGreaterThan(0);
      for (const port of list(at(service, 'spec', 'ports'))) {
        for (const { spec } of chosen) {
          const ports = containersOf(spec).flatMap((container) =>
            list(at(container, 'ports')).map((one) => at(one, 'name')),
          );
          expect(ports, nameOf(service)).toContain(at(port, 'targetPort'));
        }
      }
    }
  });

  it.each(rendered)('%s: labels are complete, and selectors have none that changes', (_name, objects) => {
    for (const object of objects.filter((one) => kindOf(one) !== 'ConfigMap' || componentOf(one) !== '')) {
      for (const label of ['name', 'instance', 'component', 'part-of', 'version', 'managed-by'])
        expect(
          at(object, 'metadata', 'labels', `app.kubernetes.io/${label}`),
          `${kindOf(object)} ${nameOf(object)}`,
        ).toBeDefined();
      const selector = at(object, 'spec', 'selector', 'matchLabels');
      expect(Object.keys(tree(selector ?? {}))).not.toContain('app.kubernetes.io/version');
      expect(Object.keys(tree(at(object, 'spec', 'template', 'metadata', 'labels') ?? {}))).not.toContain(
        'helm.sh/chart',
      );
    }
  });

  it.each(rendered)('%s: hooks are removed before they are made and after they succeeded', (_name, objects) => {
    const hooks = objects.filter((object) => at(object, 'metadata', 'annotations', 'helm.sh/hook') !== undefined);
    expect(hooks.length).toBeGreaterThan(0);
    for (const hook of hooks)
      expect(
        text(at(hook, 'metadata', 'annotations', 'helm.sh/hook-delete-policy'))
          .split(',')
          .sort(),
        nameOf(hook),
      ).toEqual(['before-hook-creation', 'hook-succeeded']);
    expect(ofKind(objects, 'Job').filter((job) => !hooks.includes(job))).toEqual([]);
  });

  it('keeps names short with the longest release name, and two such releases apart', () => {
    const names = ['a', 'b'].map((last) => {
      const objects = render({
        examples: ['homelab-argocd'],
        release: `${'r'.repeat(52)}${last}`,
        values: { monitoring: { dashboards: { enabled: true } } },
      });
      for (const object of objects) {
        const limit = kindOf(object) === 'StatefulSet' ? 52 : 63;
        expect(nameOf(object).length, nameOf(object)).toBeLessThan(limit + 1);
        for (const value of Object.values(tree(at(object, 'metadata', 'labels') ?? {})))
          expect(text(value).length).toBeLessThanOrEqual(63);
      }
      return objects.map((object) => `${kindOf(object)} ${nameOf(object)}`);
    });
    expect(names[0]?.filter((name) => names[1]?.includes(name))).toEqual([]);
  });
});
