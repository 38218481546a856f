/** What of the chart's eighteen checks needs a rendering of its own; the others are in chart-checklist.spec.ts. */
import { describe, expect, it } from 'vitest';
import { environmentOf, helm, kindOf, nameOf, ofKind, render, the } from './chart.js';
import { at, services, text, tree, type Tree } from './deployment-files.js';

const minimal = ['minimal'];
const what = (object: Tree) => `${kindOf(object)} ${nameOf(object)}`;
const specOf = (object: Tree) => at(object, 'spec', 'template', 'spec');

describe.skipIf(helm === null)('single renderings (skipped where helm is not installed)', () => {
  const jobOf = (values: unknown, example = 'minimal') =>
    the(render({ examples: [example], values: { ...tree(values), migration: { hook: 'pre' } } }), 'Job', 'migration');

  it('13 the migration runs before an upgrade, and at a first install where the database is there already', () => {
    expect(ofKind(render({ examples: minimal }), 'Job')).toEqual([]);
    const trial = jobOf({});
    expect(at(trial, 'metadata', 'annotations', 'helm.sh/hook')).toBe('pre-upgrade');
    const external = jobOf({ image: { pullSecrets: ['harbor'] } }, 'high-availability');
    expect(at(external, 'metadata', 'annotations', 'helm.sh/hook')).toBe('pre-install,pre-upgrade');
    expect(at(specOf(external), 'containers', 0, 'args')).toEqual(['dist/apps/accounting/migrate.js']);
    expect(at(specOf(external), 'imagePullSecrets')).toEqual([{ name: 'harbor' }]);
    const url = environmentOf(at(specOf(external), 'containers', 0)).get('DATABASE_URL');
    expect(url).toBe('secret signalbox-database/database-url');
  });

  it('15 the notes say where the gateway is, how to begin, and what is not safe', () => {
    const notes = (values: object) => {
      const own = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes' } };
      const said = { ...own, data: { said: '{{ include "signalbox/templates/NOTES.txt" . | b64enc }}' } };
      const objects = render({ examples: minimal, values: { ...values, extraObjects: [said] } });
      const found = objects.find((object) => nameOf(object) === 'notes');
      return Buffer.from(text(at(found, 'data', 'said')), 'base64').toString();
    };
    const usual = notes({ networkPolicy: { enabled: false }, nats: { storage: { enabled: false } } });
    for (const part of ['port-forward', '/key/generate', 'helm -n llm test sb', '9464', 'tracing.otlpEndpoint'])
      expect(usual).toContain(part);
    for (const warning of [
      'postgresql.mode is trial',
      'NATS has no storage',
      'networkPolicy is off',
      'secrets stand in',
    ])
      expect(usual).toContain(warning);
    expect(notes({ ingress: { enabled: true, host: 'llm.example', tls: [{}] } })).toContain('https://llm.example/v1');
  });

  it('16 objects of one’s own are rendered with the chart’s names', () => {
    const note = render({ examples: ['external-nats'] }).find((object) => nameOf(object) === 'sb-signalbox-note');
    expect(at(note, 'data', 'note')).toBe('hello');
  });

  it('17 the longest release names, and names with a dot, fit and stay apart', () => {
    const values = { monitoring: { dashboards: { enabled: true } } };
    const long = 'r'.repeat(52);
    const sets = [`${long}a`, `${long}b`, 'a.b', 'a-b'].map((release) => {
      const objects = render({ examples: ['homelab-argocd'], release, values });
      for (const object of objects) {
        expect(nameOf(object), what(object)).toMatch(/^[a-z]([-a-z0-9]{0,48}[a-z0-9])$/);
        for (const value of Object.values(tree(at(object, 'metadata', 'labels') ?? {})))
          expect(text(value).length).toBeLessThanOrEqual(63);
      }
      return objects.map(what);
    });
    const all = sets.flat();
    expect(new Set(all).size).toBe(all.length);
  });

  it('keeps NATS and PostgreSQL as they are when the product is upgraded', () => {
    const objects = render({ examples: minimal });
    const version = (object: Tree) =>
      text(at(object, 'spec', 'template', 'metadata', 'labels', 'app.kubernetes.io/version'));
    expect(new Set(ofKind(objects, 'StatefulSet').map(version))).toEqual(new Set(['18-alpine', '2.12-alpine']));
    for (const service of services) expect(version(the(objects, 'Deployment', service))).toBe('0.1.0');
  });
});
