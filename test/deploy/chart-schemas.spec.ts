/**
 * What the chart renders, against the schemas of Kubernetes, by kubeconform and strictly: a field that a kind does not have is
 * an error. The schemas are no part of this repository: SIGNALBOX_TEST_SCHEMAS names a folder with
 * `vX.Y.Z-standalone-strict/KIND-GROUP-VERSION.json` for each release of Kubernetes, and the operators' kinds in `crd/`.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rendered } from './chart-combinations.js';
import { attempt, findProgram, type Tree } from './deployment-files.js';

const folder = process.env['SIGNALBOX_TEST_SCHEMAS'] ?? null;
const isPossible = folder !== null && findProgram(['kubeconform'], '-v') !== null;
const releases = (isPossible ? readdirSync(folder) : []).flatMap(
  (name) => /^v(\d+\.\d+\.\d+)-standalone-strict$/.exec(name)?.[1] ?? [],
);
const locations = ['{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}', 'crd'].flatMap((place) => [
  '-schema-location',
  `${String(folder)}/${place}/{{.ResourceKind}}{{.KindSuffix}}.json`,
]);

function checked(objects: readonly Tree[], release: string): { code: number | null; output: string } {
  const place = mkdtempSync(join(tmpdir(), 'signalbox-manifests-'));
  try {
    const file = join(place, 'manifests.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return attempt('kubeconform', ['-strict', '-kubernetes-version', release, ...locations, file]);
  } finally {
    rmSync(place, { recursive: true });
  }
}

describe.skipIf(!isPossible)('kubeconform (skipped without it and SIGNALBOX_TEST_SCHEMAS)', () => {
  it('has schemas to compare with', () => expect(releases).not.toEqual([]));

  describe.each(releases)('of Kubernetes %s', (release) => {
    it.each(rendered)('accepts %s', (_name, objects) => {
      const { code, output } = checked(objects, release);
      expect(code, output).toBe(0);
    });

    it('refuses a field that there is not, and one of another type', () => {
      const service = (spec: object) => [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec }];
      const port = { port: 80 };
      expect(checked(service({ ports: [port] }), release).code).toBe(0);
      expect(checked(service({ ports: [port], colour: 'red' }), release).code).not.toBe(0);
      expect(checked(service({ ports: [{ port: 'eighty' }] }), release).code).not.toBe(0);
    });
  });
});
