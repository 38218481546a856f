/** What single values of the chart do: secrets, config, scaling, workers. */
import { describe, expect, it } from 'vitest';
import {
  containersOf,
  helm,
  kindOf,
  nameOf,
  ofKind,
  podsOf,
  render,
  serviceEnvironment,
  template,
  the,
} from './chart.js';
import { at, list, services, text, textOf, tree, type Tree } from './deployment-files.js';

const minimal = ['minimal'];
const deploymentOf = (objects: readonly Tree[], service: string) => the(objects, 'Deployment', service);
const podTemplates = (objects: readonly Tree[]) =>
  new Map(
    ofKind(objects, 'Deployment', 'StatefulSet').map((object) => [
      `${kindOf(object)} ${nameOf(object)}`,
      JSON.stringify(at(object, 'spec', 'template')),
    ]),
  );
const rolled = (before: readonly Tree[], after: readonly Tree[]) => {
  const old = podTemplates(before);
  return [...podTemplates(after)].flatMap(([name, spec]) => (old.get(name) === spec ? [] : [name])).sort();
};
describe.skipIf(helm === null)('secrets (skipped where helm is not installed)', () => {
  it.each([
    ['image.repository', { image: { repository: '' } }],
    ['keyPepper', { keyPepper: { value: '' } }],
    ['masterKey', { masterKey: { value: '' } }],
    ['nats.auth', { nats: { auth: { values: null } } }],
    ['postgresql.trial.password', { postgresql: { trial: { password: { value: '' } } } }],
    ['providerKeys (OPENROUTER_API_KEY)', { providerKeys: { names: ['OPENROUTER_API_KEY'] } }],
  ])('without %s nothing is rendered, and the message says so', (name, values) => {
    const { code, output } = template({ examples: minimal, values });
    expect(code).not.toBe(0);
    expect(output).toContain(name);
  });

  it('reach the services that need them and no other', () => {
    const objects = render({ examples: ['high-availability'] });
    const environments = new Map(services.map((service) => [service, serviceEnvironment(objects, service)]));
    const holders = (name: string) =>
      services.filter((service) => environments.get(service)?.get(name)?.startsWith('secret ') === true);
    expect(holders('SIGNALBOX_KEY_PEPPER')).toEqual(['ingress', 'accounting']);
    expect(holders('LITELLM_MASTER_KEY')).toEqual(['ingress', 'accounting']);
    expect(holders('DATABASE_URL')).toEqual(['accounting']);
    expect(holders('OPENROUTER_API_KEY')).toEqual(['provider-cloud']);
    expect(environments.get('router')?.get('OPENROUTER_API_KEY')).toBe('set');
    expect(environments.get('ingress')?.get('SIGNALBOX_KEY_PEPPER')).toBe(
      environments.get('accounting')?.get('SIGNALBOX_KEY_PEPPER'),
    );
    for (const service of services)
      expect(environments.get(service)?.get('NATS_PASSWORD')).toBe(`secret signalbox-nats/${service}`);
  });

  it('of callbacks reach the ingress, and the router learns their names alone', () => {
    const callbackKeys = { names: ['LANGFUSE_SECRET_KEY'], values: { LANGFUSE_SECRET_KEY: 'sk-lf-1' } };
    const objects = render({ examples: minimal, values: { callbackKeys } });
    expect(serviceEnvironment(objects, 'ingress').get('LANGFUSE_SECRET_KEY')).toMatch(
      /^secret .*\/LANGFUSE_SECRET_KEY$/,
    );
    expect(serviceEnvironment(objects, 'router').get('LANGFUSE_SECRET_KEY')).toBe('set');
    expect(JSON.stringify(ofKind(objects, 'Deployment'))).not.toContain('sk-lf-1');
    const changed = { ...callbackKeys, values: { LANGFUSE_SECRET_KEY: 'sk-lf-2' } };
    expect(rolled(objects, render({ examples: minimal, values: { callbackKeys: changed } }))).toEqual([
      'Deployment sb-signalbox-ingress',
    ]);
  });

  it('come from the one ExternalSecret where it is on, and the chart makes no Secret', () => {
    const objects = render({ examples: ['homelab-argocd'] });
    const [external] = ofKind(objects, 'ExternalSecret');
    const name = text(at(external, 'spec', 'target', 'name'));
    expect(ofKind(objects, 'Secret')).toEqual([]);
    const env = serviceEnvironment(objects, 'ingress');
    expect(env.get('SIGNALBOX_KEY_PEPPER')).toBe(`secret ${name}/key-pepper`);
    expect(serviceEnvironment(objects, 'provider-cloud').get('OPENROUTER_API_KEY')).toBe(
      `secret ${name}/OPENROUTER_API_KEY`,
    );
  });

  it('of a trial are in one Secret; a changed one rolls exactly those that read it', () => {
    const before = render({ examples: minimal });
    const after = render({ examples: minimal, values: { masterKey: { value: 'sk-another' } } });
    expect(rolled(before, after)).toEqual(['Deployment sb-signalbox-accounting', 'Deployment sb-signalbox-ingress']);
    expect(ofKind(before, 'Secret').length).toBe(1);
  });
});

describe.skipIf(helm === null)('the config file (skipped where helm is not installed)', () => {
  const changed = { config: { content: { litellm_settings: { num_retries: 3 } } } };

  it('rolls exactly those that have it when it changes', () => {
    const before = render({ examples: minimal });
    const names = ['accounting', 'ingress', 'provider-cloud', 'provider-ollama', 'router'];
    expect(rolled(before, render({ examples: minimal, values: changed }))).toEqual(
      names.map((name) => `Deployment sb-signalbox-${name}`),
    );
    expect(rolled(before, render({ examples: minimal }))).toEqual([]);
  });

  it('rolls the router alone where only the router has it, and nothing where restartOnChange is off', () => {
    const before = render({ examples: ['homelab-argocd'] });
    expect(rolled(before, render({ examples: ['homelab-argocd'], values: changed }))).toEqual([
      'Deployment sb-signalbox-router',
    ]);
    const quiet = { config: { restartOnChange: false } };
    const calm = render({ examples: minimal, values: quiet });
    expect(
      rolled(calm, render({ examples: minimal, values: { config: { ...changed.config, restartOnChange: false } } })),
    ).toEqual([]);
  });

  it('is mounted as a folder, so that a change arrives, from whatever holds it', () => {
    const own = (values: unknown) =>
      at(deploymentOf(render({ examples: minimal, values }), 'router'), 'spec', 'template', 'spec');
    const volume = (values: unknown) => list(at(own(values), 'volumes')).find((one) => at(one, 'name') === 'config');
    expect(at(volume({}), 'configMap', 'name')).toBe('sb-signalbox-config');
    expect(at(volume({ config: { existingConfigMap: 'mine' } }), 'configMap', 'name')).toBe('mine');
    expect(at(volume({ config: { existingSecret: 'mine' } }), 'secret', 'secretName')).toBe('mine');
    const mounts = list(at(own({}), 'containers', 0, 'volumeMounts'));
    expect(mounts.filter((mount) => at(mount, 'subPath') !== undefined)).toEqual([]);
  });
});

describe.skipIf(helm === null)('the workloads (skipped where helm is not installed)', () => {
  it('run the image under its own tag, or its digest', () => {
    const images = (values: unknown) =>
      new Set(
        podsOf(render({ examples: minimal, values })).flatMap(({ spec }) =>
          containersOf(spec).map((one) => text(one['image'])),
        ),
      );
    expect(images({})).toContain('registry.example/signalbox:0.1.0');
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(images({ image: { digest } })).toContain(`registry.example/signalbox@${digest}`);
  });

  it('leave replicas to the autoscaler, and have a disruption budget only from two on', () => {
    const single = render({ examples: minimal });
    expect(ofKind(single, 'PodDisruptionBudget')).toEqual([]);
    expect(at(deploymentOf(single, 'ingress'), 'spec', 'replicas')).toBe(1);
    const many = render({ examples: ['high-availability'] });
    expect(at(deploymentOf(many, 'ingress'), 'spec', 'replicas')).toBeUndefined();
    expect(at(deploymentOf(many, 'router'), 'spec', 'replicas')).toBe(2);
    expect(ofKind(many, 'PodDisruptionBudget').length).toBe(7);
    expect(at(the(many, 'HorizontalPodAutoscaler', 'ingress'), 'spec', 'metrics', 0, 'pods', 'metric', 'name')).toBe(
      'signalbox_open_streams',
    );
    expect(at(the(many, 'ScaledObject', 'accounting'), 'spec', 'triggers', 0, 'metadata')).toMatchObject({
      stream: 'USAGE',
      consumer: 'accounting',
      account: '$G',
    });
  });

  it('include one Deployment per entry of workers, with its backends, node and tolerations', () => {
    const objects = ofKind(render({ examples: ['homelab-argocd'] }), 'Deployment');
    const worker = objects.find((object) => nameOf(object).endsWith('provider-ollama-gpu-1'));
    const pod = at(worker, 'spec', 'template', 'spec');
    expect(at(pod, 'tolerations', 0, 'key')).toBe('nvidia.com/gpu');
    expect(JSON.stringify(at(pod, 'containers', 0, 'env'))).toContain(
      '"value":"ollama-ollama-ollama-svc-cluster-local-11434"',
    );
    expect(objects.filter((object) => nameOf(object).includes('provider-ollama')).length).toBe(2);
    const selectors = objects.map((object) => JSON.stringify(at(object, 'spec', 'selector')));
    expect(new Set(selectors).size).toBe(selectors.length);
  });

  it('take a variable of the user instead of the chart’s', () => {
    const values = { services: { ingress: { extraEnv: [{ name: 'SIGNALBOX_LOG_LEVEL', value: 'debug' }] } } };
    expect(serviceEnvironment(render({ examples: minimal, values }), 'ingress').get('SIGNALBOX_LOG_LEVEL')).toBe(
      'debug',
    );
  });

  it('leave out a service that is switched off', () => {
    const objects = render({ examples: ['external-nats'] });
    expect(ofKind(objects, 'Deployment').map((object) => nameOf(object))).not.toContain('sb-signalbox-provider-cloud');
    expect(ofKind(objects, 'StatefulSet')).toEqual([]);
    expect(serviceEnvironment(objects, 'router').get('NATS_URL')).toContain('nats-1.example');
  });
});

describe.skipIf(helm === null)('NATS and the monitoring (skipped where helm is not installed)', () => {
  it('writes each acknowledged event to disk, and forms a cluster from two servers on', () => {
    const conf = (example: string) =>
      text(at(the(render({ examples: [example] }), 'ConfigMap', 'nats'), 'data', 'nats.conf'));
    expect(conf('minimal')).toContain('sync_interval: always');
    expect(conf('minimal')).not.toContain('cluster {');
    expect(conf('high-availability')).toMatch(/routes: \[\s+\$NATS_ROUTE_0\s+\$NATS_ROUTE_1\s+\$NATS_ROUTE_2\s+\]/);
    expect(
      serviceEnvironment(render({ examples: ['high-availability'] }), 'health').get('SIGNALBOX_NATS_REPLICAS'),
    ).toBe('3');
  });

  it('has the same rights for users as compose and Swarm', () => {
    const rights = (source: string) =>
      source
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line.startsWith('{ user:') || line.includes('sync_interval'));
    const conf = text(at(the(render({ examples: minimal }), 'ConfigMap', 'nats'), 'data', 'nats.conf'));
    expect(rights(conf)).toEqual(rights(textOf('deploy/docker/nats.conf')));
    expect(rights(conf).filter((line) => line.includes('deny'))).toHaveLength(1);
  });

  it('carries rules as tested and dashboards as generated; scraping is one way at a time', () => {
    const links = { runbookBaseUrl: 'https://wiki.example/signalbox', grafanaUrl: 'https://graphs.example' };
    const values = { monitoring: { rules: links } };
    const objects = render({ examples: ['homelab-argocd'], values });
    const rules = JSON.stringify(at(the(objects, 'PrometheusRule', 'metrics'), 'spec'));
    expect(rules).toContain('https://wiki.example/signalbox#signalboxbusdown');
    expect(rules).toContain('https://graphs.example/d/signalbox-bus');
    expect(rules).not.toMatch(/grafana\.example|signalbox\.example/);
    expect(rules).toContain('{{ $labels.component }}');
    expect(
      ofKind(objects, 'ConfigMap').filter((one) => at(one, 'metadata', 'labels', 'grafana_dashboard') === '1'),
    ).toHaveLength(6);
    const annotations = (spec: readonly Tree[]) =>
      podsOf(spec).some(({ metadata }) => at(metadata, 'annotations', 'prometheus.io/scrape') !== undefined);
    expect(annotations(objects)).toBe(false);
    expect(annotations(render({ examples: minimal }))).toBe(true);
    expect(Object.keys(tree(at(the(objects, 'ServiceMonitor', 'metrics'), 'metadata', 'labels')))).toContain('release');
  });
});
