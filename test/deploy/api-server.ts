/**
 * A Kubernetes API server to try the chart on: SIGNALBOX_TEST_KUBECONFIG names a kubeconfig whose user may do everything; it
 * should be one to throw away. A server with a controller-manager is enough: no pod has to run.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { chart, type RenderOptions } from './chart.js';
import { at, attempt, findProgram, list, tree, type Tree } from './deployment-files.js';

const kubeconfig = process.env['SIGNALBOX_TEST_KUBECONFIG'];
const tools = findProgram(['helm'], 'version') !== null && findProgram(['kubectl'], 'version', '--client') !== null;

/** Whether there is a server, and what to talk to it with. */
export const reachable = kubeconfig !== undefined && tools;

export interface Answer {
  readonly code: number | null;
  readonly output: string;
}

export const kubectl = (...args: readonly string[]): Answer =>
  attempt('kubectl', ['--kubeconfig', kubeconfig ?? '', ...args]);

/** Applies objects; throws with what kubectl says where the server refuses them. */
export function apply(objects: readonly unknown[], ...args: readonly string[]): string {
  // As JSON: kubectl reads YAML 1.1, where a string of 1.2 may be a boolean.
  return withFile(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }), (file) => {
    const { code, output } = kubectl('apply', '-f', file, ...args);
    if (code !== 0) throw new Error(output);
    return output;
  });
}

function withFile<T>(content: string, use: (file: string) => T): T {
  const place = mkdtempSync(join(tmpdir(), 'signalbox-server-'));
  try {
    const file = join(place, 'objects.yaml');
    writeFileSync(file, content);
    return use(file);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** helm install or upgrade of the chart with these values; what it says holds the server's warnings too. */
export function deploy(
  verb: 'install' | 'upgrade',
  namespace: string,
  { examples = [], values, release = 'sb' }: RenderOptions,
): Answer {
  return withFile(stringify(values ?? {}), (own) => {
    const files = [...examples.map((name) => `${chart}/ci/${name}-values.yaml`), own].flatMap((file) => ['-f', file]);
    return helmAt(namespace, verb, release, chart, '--timeout', '60s', ...files);
  });
}

export const helmAt = (namespace: string, ...args: readonly string[]): Answer =>
  attempt('helm', ['--kubeconfig', kubeconfig ?? '', '-n', namespace, ...args]);

/** Objects of these kinds in a namespace. */
export function found(namespace: string, kinds: string, ...args: readonly string[]): Tree[] {
  const { output } = kubectl('-n', namespace, 'get', kinds, '-o', 'json', ...args);
  return list(at(JSON.parse(output), 'items')).map((item) => tree(item));
}

/** A namespace where Pod Security is restricted, made anew. */
export function restricted(name: string): void {
  const modes = ['enforce', 'warn', 'audit'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']);
  kubectl('delete', 'namespace', name, '--ignore-not-found', '--wait', '--timeout', '60s');
  apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: Object.fromEntries(modes) } }]);
}

const operators = [
  ['ServiceMonitor', 'monitoring.coreos.com', 'v1'],
  ['PodMonitor', 'monitoring.coreos.com', 'v1'],
  ['PrometheusRule', 'monitoring.coreos.com', 'v1'],
  ['ScaledObject', 'keda.sh', 'v1alpha1'],
  ['ExternalSecret', 'external-secrets.io', 'v1'],
  ['Cluster', 'postgresql.cnpg.io', 'v1'],
  ['HTTPRoute', 'gateway.networking.k8s.io', 'v1'],
] as const;

/** The kinds of operators that the server doesn't know, without a schema: only names and namespaces are tried. */
export function registerOperators(): void {
  const known = kubectl('get', 'crds', '-o', 'name').output;
  const missingOnes = operators.flatMap(([kind, group, version]) => {
    const plural = `${kind.toLowerCase()}s`;
    if (known.includes(`/${plural}.${group}\n`)) return [];
    const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const versions = [{ name: version, served: true, storage: true, schema: { openAPIV3Schema } }];
    const annotations = { 'api-approved.kubernetes.io': 'unapproved, for tests' };
    const names = { kind, plural, singular: kind.toLowerCase() };
    return {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${group}`, annotations },
      spec: { group, scope: 'Namespaced', names, versions },
    };
  });
  if (missingOnes.length === 0) return;
  apply(missingOnes);
  kubectl('wait', '--for=condition=Established', 'crd', '--all', '--timeout', '30s');
}
