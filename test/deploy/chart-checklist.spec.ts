/**
 * The eighteen checks of the chart, on every example and on combinations that no example has. Where helm is not installed they
 * look at the rendered base of the kustomize example alone, and what needs a rendering of its own is skipped.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  chart,
  componentOf,
  containersOf,
  environmentOf,
  helm,
  kindOf,
  nameOf,
  ofKind,
  podsOf,
  render,
  template,
  the,
} from './chart.js';
import { examples, rendered, rendering } from './chart-combinations.js';
import { at, attempt, list, root, text, textOf, tree, type Tree } from './deployment-files.js';

const withHelm = it.skipIf(helm === null);
const minimal = ['minimal'];
const probeNames = ['startupProbe', 'livenessProbe', 'readinessProbe'];
const scalers = ['HorizontalPodAutoscaler', 'ScaledObject'];
const whole = ['name', 'instance', 'component', 'part-of', 'version', 'managed-by'];
const chosenBy = (selector: unknown, labels: unknown) =>
  Object.entries(tree(selector ?? {})).every(([label, value]) => at(labels, label) === value);
const what = (object: Tree) => `${kindOf(object)} ${nameOf(object)}`;
const isHook = (object: Tree) => at(object, 'metadata', 'annotations', 'helm.sh/hook') !== undefined;
const specOf = (object: Tree) => at(object, 'spec', 'template', 'spec');
/** Names of the ConfigMaps and Secrets that a pod mounts or takes variables from. */
const sourcesOf = (spec: unknown) =>
  [
    ...list(at(spec, 'volumes')).map((one) => at(one, 'configMap', 'name') ?? at(one, 'secret', 'secretName')),
    ...containersOf(spec)
      .flatMap((container) => list(at(container, 'env')))
      .map((entry) => at(entry, 'valueFrom', 'secretKeyRef', 'name')),
  ].flatMap((name) => (name === undefined ? [] : [text(name)]));

describe('1 the schema of the values', () => {
  const schema: unknown = JSON.parse(textOf(`${chart}/values.schema.json`));

  it('is draft-07, closed at the top, open under global; every leaf is tried in chart-values.spec.ts', () => {
    expect(at(schema, '$schema')).toContain('draft-07');
    const check = z.fromJSONSchema(z.record(z.string(), z.json()).parse(schema));
    expect(check.safeParse({ replicas: 1 }).success).toBe(false);
    expect(check.safeParse({ global: { anything: { goes: [1] }, image: { registry: 'mirror' } } }).success).toBe(true);
  });

  withHelm('is asked by helm: an unknown name and a wrong type are refused by it too', () => {
    for (const values of [{ replicass: 1 }, { common: { replicas: 'two' } }, { global: { image: { registry: 1 } } }])
      expect(template({ examples: minimal, values }).code, JSON.stringify(values)).not.toBe(0);
  });
});

it('has no template that git ignores: it would be on the machine of its author alone', () => {
  const files = readdirSync(join(root, chart), { recursive: true, encoding: 'utf8' });
  // 0: some are ignored, 1: none is, 128: no repository.
  const { code, output } = attempt('git', ['check-ignore', '--no-index', ...files.map((file) => join(chart, file))]);
  expect(code, output).not.toBe(0);
});

describe.skipIf(helm === null)('2 rendering (skipped where helm is not installed)', () => {
  it.each(examples)('%s: helm lint finds nothing', (name) => {
    const file = `${chart}/ci/${name}-values.yaml`;
    const { code, output } = attempt('helm', ['lint', chart, '--strict', '--kube-version', '1.30.0', '-f', file]);
    expect(code, output).toBe(0);
  });

  it.each(rendering)('%s: the same twice, no holes, no empty documents, no name twice', (_name, options) => {
    const { output } = template(options);
    expect(output).not.toContain('<no value>');
    expect(template(options).output).toBe(output);
    for (const part of output.split(/^---$/m).slice(1)) expect(part).toMatch(/^kind: /m);
    const names = render(options).map(what);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(rendered)('%s', (combination, objects) => {
  const pods = podsOf(objects);
  const workloads = ofKind(objects, 'Deployment', 'StatefulSet');
  const deployments = ofKind(objects, 'Deployment');

  it('3 labels are complete, and selectors hold none that changes', () => {
    for (const object of objects.filter((one) => componentOf(one) !== ''))
      for (const label of whole)
        expect(at(object, 'metadata', 'labels', `app.kubernetes.io/${label}`), what(object)).toBeDefined();
    for (const object of workloads) {
      const selector = at(object, 'spec', 'selector', 'matchLabels');
      expect(Object.keys(tree(selector))).not.toContain('app.kubernetes.io/version');
      const labels = at(object, 'spec', 'template', 'metadata', 'labels');
      expect(chosenBy(selector, labels), what(object)).toBe(true);
      expect(Object.keys(tree(labels))).not.toContain('helm.sh/chart');
    }
  });

  it('4 a pod has the hash of the config that the chart makes, and of nothing that somebody else makes', () => {
    // The one example that says restartOnChange: false.
    const rolls = combination !== 'external-nats';
    const made = new Set(ofKind(objects, 'ConfigMap').map(nameOf));
    for (const object of deployments) {
      const config = list(at(specOf(object), 'volumes')).find((volume) => at(volume, 'name') === 'config');
      const name = text(at(config, 'configMap', 'name') ?? '');
      const annotations = at(object, 'spec', 'template', 'metadata', 'annotations');
      expect(at(annotations, 'checksum/config') !== undefined, what(object)).toBe(rolls && made.has(name));
      expect(at(annotations, 'checksum/secrets'), what(object)).toBeDefined();
    }
  });

  it('makes every ConfigMap and Secret of its own name that its pods read', () => {
    const made = [
      ...ofKind(objects, 'ConfigMap', 'Secret').map(nameOf),
      ...ofKind(objects, 'ExternalSecret').map((one) => text(at(one, 'spec', 'target', 'name'))),
      ...ofKind(objects, 'Cluster').map((one) => `${nameOf(one)}-app`),
    ];
    for (const { owner, spec } of pods)
      for (const name of sourcesOf(spec).filter((one) => one.startsWith('sb-'))) expect(made, owner).toContain(name);
  });

  it('5 replicas are left to the autoscaler where there is one', () => {
    const scaled = ofKind(objects, ...scalers).map((scaler) => text(at(scaler, 'spec', 'scaleTargetRef', 'name')));
    for (const object of deployments)
      expect(at(object, 'spec', 'replicas') === undefined, what(object)).toBe(scaled.includes(nameOf(object)));
  });

  it('6 restricted Pod Security holds for every pod', () => {
    for (const { owner, spec } of pods) {
      const pod = at(spec, 'securityContext');
      expect(at(pod, 'runAsNonRoot'), owner).toBe(true);
      expect(at(pod, 'seccompProfile', 'type'), owner).toBe('RuntimeDefault');
      expect(Number(at(pod, 'runAsUser')), owner).toBeGreaterThan(0);
      expect(at(spec, 'automountServiceAccountToken'), owner).toBe(false);
      for (const shared of ['hostNetwork', 'hostPID', 'hostIPC']) expect(at(spec, shared), owner).toBeUndefined();
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
        expect(
          list(at(container, 'volumeMounts')).map((mount) => at(mount, 'mountPath')),
          owner,
        ).toContain('/tmp');
      }
      const kinds = list(at(spec, 'volumes')).flatMap((volume) => Object.keys(tree(volume)));
      expect(
        kinds.filter((kind) => !['name', 'emptyDir', 'configMap', 'secret'].includes(kind)),
        owner,
      ).toEqual([]);
    }
  });

  it('7 probes have time, and liveness asks something else than readiness', () => {
    for (const object of workloads) {
      for (const container of containersOf(specOf(object))) {
        const probes = probeNames.map((probe) => at(container, probe));
        for (const probe of probes) expect(Number(at(probe, 'timeoutSeconds')), what(object)).toBeGreaterThanOrEqual(2);
        const asks = probes.map((probe) =>
          JSON.stringify(at(probe, 'httpGet') ?? at(probe, 'exec') ?? at(probe, 'tcpSocket')),
        );
        expect(asks[1], what(object)).not.toBe(asks[2]);
      }
    }
    for (const object of deployments) {
      const startup = at(specOf(object), 'containers', 0, 'startupProbe');
      expect(Number(at(startup, 'periodSeconds')) * Number(at(startup, 'failureThreshold'))).toBeGreaterThanOrEqual(
        120,
      );
      expect(at(specOf(object), 'containers', 0, 'livenessProbe', 'httpGet', 'path')).toBe('/livez');
      expect(at(specOf(object), 'containers', 0, 'readinessProbe', 'httpGet', 'path')).toBe('/readyz');
    }
  });

  it('8 a pod has more time to end than its drain, which is over half a minute, and the wait before it', () => {
    for (const object of deployments) {
      const [container] = containersOf(specOf(object));
      const drain = Number(environmentOf(container).get('SIGNALBOX_DRAIN_SECONDS'));
      expect(drain).toBeGreaterThan(30);
      expect(at(container, 'lifecycle', 'preStop', 'exec', 'command', 0), what(object)).toBe('node');
      expect(Number(at(specOf(object), 'terminationGracePeriodSeconds'))).toBeGreaterThanOrEqual(drain + 5 + 10);
    }
  });

  it('9 an update takes no pod away before the new one is ready, and replicas are spread over nodes', () => {
    for (const object of deployments) {
      expect(at(object, 'spec', 'strategy', 'rollingUpdate'), what(object)).toEqual({ maxUnavailable: 0, maxSurge: 1 });
      const labels = at(object, 'spec', 'template', 'metadata', 'labels');
      const spread = list(at(specOf(object), 'topologySpreadConstraints'));
      expect(spread.map((one) => at(one, 'topologyKey'))).toContain('kubernetes.io/hostname');
      for (const one of spread) {
        expect(at(one, 'labelSelector', 'matchLabels', 'signalbox/workload')).toBe(at(labels, 'signalbox/workload'));
        expect(chosenBy(at(one, 'labelSelector', 'matchLabels'), labels), what(object)).toBe(true);
      }
    }
  });

  it('10 a disruption budget is where there are two or more, one for each pod, and lets one go', () => {
    const budgets = ofKind(objects, 'PodDisruptionBudget');
    for (const object of workloads) {
      const scaler = ofKind(objects, ...scalers).find(
        (one) => at(one, 'spec', 'scaleTargetRef', 'name') === nameOf(object) && kindOf(object) === 'Deployment',
      );
      const fewest =
        at(scaler, 'spec', 'minReplicas') ?? at(scaler, 'spec', 'minReplicaCount') ?? at(object, 'spec', 'replicas');
      const labels = at(object, 'spec', 'template', 'metadata', 'labels');
      const own = budgets.filter((budget) => chosenBy(at(budget, 'spec', 'selector', 'matchLabels'), labels));
      expect(own.length, what(object)).toBe(Number(fewest) > 1 ? 1 : 0);
      for (const budget of own) expect(at(budget, 'spec', 'maxUnavailable')).toBe(1);
    }
    for (const cluster of ofKind(objects, 'Cluster'))
      expect(at(cluster, 'spec', 'enablePDB')).toBe(at(cluster, 'spec', 'instances') === 1 ? false : undefined);
  });

  it('11 every pod of the chart is fenced in both ways; chart-network.spec.ts says who may reach what', () => {
    const closed = ofKind(objects, 'NetworkPolicy').find((policy) => nameOf(policy).endsWith('-default'));
    expect(at(closed, 'spec', 'policyTypes')).toEqual(['Ingress', 'Egress']);
    expect(at(closed, 'spec', 'ingress')).toBeUndefined();
    for (const { owner, metadata } of pods)
      expect(chosenBy(at(closed, 'spec', 'podSelector', 'matchLabels'), at(metadata, 'labels')), owner).toBe(true);
  });

  it('12 accounting is scaled by what waits in NATS, asked where a leader can be found', () => {
    const scaled = ofKind(objects, 'ScaledObject').filter((one) => componentOf(one) === 'accounting');
    const [servers] = ofKind(objects, 'StatefulSet').filter((one) => componentOf(one) === 'nats');
    for (const one of servers === undefined ? [] : scaled) {
      const trigger = at(one, 'spec', 'triggers', 0);
      expect(at(trigger, 'metadata')).toMatchObject({ account: '$G', stream: 'USAGE', consumer: 'accounting' });
      const endpoint = text(at(trigger, 'metadata', 'natsServerMonitoringEndpoint'));
      const service = ofKind(objects, 'Service').find((candidate) => endpoint.startsWith(`${nameOf(candidate)}.`));
      expect(at(service, 'spec', 'clusterIP')).toBe('None');
      expect(at(servers, 'spec', 'serviceName')).toBe(nameOf(tree(service)));
      expect(endpoint).toMatch(/:8222$/);
    }
  });

  it('13 jobs are hooks, removed before they are made and after they succeeded, with an end', () => {
    const hooks = objects.filter(isHook);
    for (const hook of hooks) {
      const policy = text(at(hook, 'metadata', 'annotations', 'helm.sh/hook-delete-policy'));
      expect(policy.split(',').sort(), what(hook)).toEqual(['before-hook-creation', 'hook-succeeded']);
    }
    for (const job of ofKind(objects, 'Job')) {
      expect(hooks, what(job)).toContain(job);
      expect(Number(at(job, 'spec', 'activeDeadlineSeconds'))).toBeGreaterThan(0);
      expect(Number(at(job, 'spec', 'ttlSecondsAfterFinished'))).toBeGreaterThanOrEqual(600);
      expect(at(specOf(job), 'serviceAccountName')).toBeUndefined();
    }
  });

  it('14 hooks and tests run the image of the product', () => {
    const image = at(specOf(the(objects, 'Deployment', 'router')), 'containers', 0, 'image');
    for (const { owner, spec } of podsOf(objects.filter(isHook)))
      for (const container of containersOf(spec)) expect(at(container, 'image'), owner).toBe(image);
    expect(objects.some(isHook)).toBe(objects.some((object) => kindOf(object) === 'Pod'));
  });

  it('17 names have room for what is made from them', () => {
    for (const object of objects) expect(nameOf(object).length, what(object)).toBeLessThanOrEqual(50);
  });

  it('18 nothing is of the whole cluster', () => {
    const global =
      /^(Namespace|Cluster(Role|RoleBinding)|CustomResourceDefinition|PersistentVolume|StorageClass|PriorityClass|.*Webhook.*)$/;
    expect(objects.map(kindOf).filter((kind) => global.test(kind))).toEqual([]);
  });

  it('has no variable twice, and every port of a Service is a port of its pods', () => {
    for (const { owner, spec } of pods) {
      for (const container of containersOf(spec)) {
        const names = list(at(container, 'env')).map((entry) => at(entry, 'name'));
        expect(new Set(names).size, owner).toBe(names.length);
      }
    }
    for (const service of ofKind(objects, 'Service')) {
      const chosen = pods.filter(({ metadata }) => chosenBy(at(service, 'spec', 'selector'), at(metadata, 'labels')));
      expect(chosen.length, what(service)).toBeGreaterThan(0);
      for (const { spec } of chosen) {
        const ports = containersOf(spec).flatMap((one) => list(at(one, 'ports')).map((port) => at(port, 'name')));
        for (const port of list(at(service, 'spec', 'ports')))
          expect(ports, what(service)).toContain(at(port, 'targetPort'));
      }
    }
  });
});
