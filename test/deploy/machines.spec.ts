/** Units of systemd, and the kustomize example. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { helm, nameOf, ofKind } from './chart.js';
import { at, attempt, documents, findProgram, services, textOf } from './deployment-files.js';

const kubectl = findProgram(['kubectl'], 'kustomize', '--help');

describe('systemd', () => {
  let prefix = '';
  const install = () => attempt('env', [`PREFIX=${prefix}`, 'deploy/systemd/install.sh']);
  const file = (name: string) => readFileSync(join(prefix, 'etc/signalbox', name), 'utf8');
  const value = (name: string, variable: string) => new RegExp(`^${variable}=(.*)$`, 'm').exec(file(name))?.[1];

  beforeAll(() => {
    prefix = mkdtempSync(join(tmpdir(), 'signalbox-units-'));
    const { code, output } = install();
    if (code !== 0) throw new Error(output);
  });
  afterAll(() => rmSync(prefix, { recursive: true }));

  it('gives each service a port and a password of its own, readable by root alone', () => {
    const ports = services.map((service) => value(`${service}.env`, 'SIGNALBOX_MANAGEMENT_PORT'));
    expect(new Set(ports).size).toBe(services.length);
    for (const service of services) {
      const password = value(`${service}.env`, 'NATS_PASSWORD') ?? '';
      expect(password).toMatch(/^[0-9a-f]{48}$/);
      const name = service.toUpperCase().replace('-', '_');
      expect(value('nats.env', `NATS_PASSWORD_${name}`)).toBe(`"\\"${password}\\""`);
      expect(statSync(join(prefix, 'etc/signalbox', `${service}.env`)).mode & 0o077).toBe(0);
    }
  });

  it('gives ingress and accounting the same pepper, and nobody else one', () => {
    const peppers = services.map((service) => value(`${service}.env`, 'SIGNALBOX_KEY_PEPPER'));
    expect(peppers.filter((pepper) => pepper !== undefined)).toHaveLength(2);
    expect(value('ingress.env', 'SIGNALBOX_KEY_PEPPER')).toBe(value('accounting.env', 'SIGNALBOX_KEY_PEPPER'));
    expect(value('router.env', 'LITELLM_MASTER_KEY')).toBe('set');
  });

  it('changes no secret when it runs again', () => {
    const all = () => readdirSync(join(prefix, 'etc/signalbox')).map((name) => [name, file(name)]);
    const before = all();
    expect(install().code).toBe(0);
    expect(all()).toEqual(before);
  });

  it('lets streams finish, and starts again what died', () => {
    const unit = textOf('deploy/systemd/signalbox@.service');
    const drain = Number(value('common.env', 'SIGNALBOX_DRAIN_SECONDS'));
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(drain);
    expect(unit).toMatch(/^Restart=always$/m);
    for (const fence of ['NoNewPrivileges=yes', 'ProtectSystem=strict', 'PrivateTmp=yes'])
      expect(unit).toContain(fence);
    expect(file('nats.conf')).toMatch(/^listen: "127\.0\.0\.1:4222"$/m);
    expect(file('nats.conf')).toContain('sync_interval: always');
  });
});

describe('kustomize', () => {
  const base = documents(textOf('deploy/kustomize/base/signalbox.yaml'));

  it('has the six services in its base', () => {
    expect(
      ofKind(base, 'Deployment')
        .map((object) => nameOf(object))
        .sort(),
    ).toEqual(services.map((service) => `signalbox-${service}`).sort());
  });

  it.skipIf(helm === null)('has a base that is the chart of today (skipped where helm is not installed)', () => {
    const args = [
      'template',
      'signalbox',
      'deploy/helm/signalbox',
      '--namespace',
      'signalbox',
      '--kube-version',
      '1.30.0',
      '--no-hooks',
    ];
    const { output } = attempt('helm', [...args, '-f', 'deploy/kustomize/base/values.yaml']);
    expect(base, 'run deploy/kustomize/render.sh').toEqual(documents(output));
  });

  it.skipIf(kubectl === null)('has an overlay that kubectl builds (skipped where kubectl is not installed)', () => {
    const { code, output } = attempt('kubectl', ['kustomize', 'deploy/kustomize/overlays/homelab']);
    expect(code, output).toBe(0);
    const objects = documents(output);
    const service = ofKind(objects, 'Service').find((object) => nameOf(object) === 'signalbox');
    expect(at(service, 'metadata', 'annotations', 'lbipam.cilium.io/ips')).toBe('192.168.55.206');
    const config = ofKind(objects, 'ConfigMap')
      .map((object) => nameOf(object))
      .find((name) => name.startsWith('signalbox-config-'));
    expect(
      JSON.stringify(ofKind(objects, 'Deployment').find((object) => nameOf(object) === 'signalbox-router')),
    ).toContain(config);
    expect(JSON.stringify(objects)).toContain('harbor.example/library/signalbox:0.1.0');
  });
});
