/** Rendering the Helm chart with the real helm, and finding one's way in the result. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { at, attempt, documents, findProgram, list, text, tree, type Tree } from './deployment-files.js';

export const chart = 'deploy/helm/signalbox';

/** helm, where this machine has it; the checks that need it are skipped elsewhere. */
export const helm = findProgram(['helm'], 'version', '--short');

export interface RenderOptions {
  /** Files of the chart's ci folder, without `-values.yaml`. */
  readonly examples?: readonly string[];
  readonly values?: unknown;
  readonly release?: string;
}

/** What `helm template` prints and how it ended. A helm built from source takes itself for an old Kubernetes, hence the version. */
export function template({ examples = [], values, release = 'sb' }: RenderOptions): {
  code: number | null;
  output: string;
} {
  const place = mkdtempSync(join(tmpdir(), 'signalbox-chart-'));
  try {
    const own = join(place, 'values.yaml');
    writeFileSync(own, stringify(values ?? {}));
    const files = [...examples.map((name) => `${chart}/ci/${name}-values.yaml`), own].flatMap((file) => ['-f', file]);
    return attempt('helm', ['template', release, chart, '-n', 'llm', '--kube-version', '1.30.0', ...files]);
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** The rendered objects; throws with helm's message where it refuses. */
export function render(options: RenderOptions): Tree[] {
  const { code, output } = template(options);
  if (code !== 0) throw new Error(output);
  return documents(output);
}

export const kindOf = (object: Tree): string => text(object['kind']);
export const nameOf = (object: unknown): string => text(at(object, 'metadata', 'name'));
export const componentOf = (object: unknown): string =>
  text(at(object, 'metadata', 'labels', 'app.kubernetes.io/component') ?? '');

export const ofKind = (objects: readonly Tree[], ...kinds: readonly string[]): Tree[] =>
  objects.filter((object) => kinds.includes(kindOf(object)));

/** The only object of a kind with this component; throws where there is none or more. */
export function the(objects: readonly Tree[], kind: string, component: string): Tree {
  const found = ofKind(objects, kind).filter((object) => componentOf(object) === component);
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} objects ${kind} of ${component}`);
  return only;
}

/** Every pod that the objects describe, with what describes it. */
export function podsOf(objects: readonly Tree[]): { owner: string; metadata: Tree; spec: Tree }[] {
  return objects.flatMap((object) => {
    const owner = `${kindOf(object)} ${nameOf(object)}`;
    if (kindOf(object) === 'Pod') return [{ owner, metadata: tree(object['metadata']), spec: tree(object['spec']) }];
    const pod = at(object, 'spec', 'template');
    if (at(pod, 'spec', 'containers') === undefined) return [];
    return [{ owner, metadata: tree(at(pod, 'metadata')), spec: tree(at(pod, 'spec')) }];
  });
}

export const containersOf = (spec: unknown): Tree[] =>
  [...list(at(spec, 'containers')), ...list(at(spec, 'initContainers'))].map((container) => tree(container));

/** A container's environment: name to value, or to `secret NAME/KEY`. */
export function environmentOf(container: unknown): Map<string, string> {
  return new Map(
    list(at(container, 'env')).map((entry) => {
      const ref = at(entry, 'valueFrom', 'secretKeyRef');
      const value =
        ref === undefined ? text(at(entry, 'value') ?? '') : `secret ${text(at(ref, 'name'))}/${text(at(ref, 'key'))}`;
      return [text(at(entry, 'name')), value];
    }),
  );
}

/** The environment of a service's (first) Deployment. */
export function serviceEnvironment(objects: readonly Tree[], service: string): Map<string, string> {
  const deployment = ofKind(objects, 'Deployment').find((object) => componentOf(object) === service);
  return environmentOf(at(deployment, 'spec', 'template', 'spec', 'containers', 0));
}
