/**
 * Compose, Swarm and the chart describe the same suite: the same services, images, ports, health checks and variables. The table
 * of variables below is the agreement; whoever adds one to a service adds it to all three, or the reason why not.
 */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environmentOf, helm, ofKind, podsOf, render, serviceEnvironment, the } from './chart.js';
import { at, list, services, text, textOf, tree, type Tree } from './deployment-files.js';

const everyone = [
  'SERVICE',
  'NATS_URL',
  'NATS_USER',
  'NATS_PASSWORD',
  'SIGNALBOX_NATS_REPLICAS',
  'SIGNALBOX_LOG_LEVEL',
  'SIGNALBOX_DRAIN_SECONDS',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_TRACES_SAMPLER',
  'OTEL_TRACES_SAMPLER_ARG',
  'SIGNALBOX_TRACE_PROBES',
];
const callbacks = ['LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY', 'LANGFUSE_HOST'];
const webhooks = ['SLACK_WEBHOOK_URL', 'WEBHOOK_URL', 'SIGNALBOX_WEBHOOK_SECRET'];
const clouds = ['OPENROUTER_API_KEY', 'OPENAI_API_KEY', 'ANTHROPIC_API_KEY'];
const agreed: Readonly<Record<(typeof services)[number], readonly string[]>> = {
  ingress: [
    ...everyone,
    'SIGNALBOX_CONFIG',
    'SIGNALBOX_KEY_PEPPER',
    'LITELLM_MASTER_KEY',
    'SIGNALBOX_CORS_ORIGINS',
    'SIGNALBOX_TRACE_INCOMING',
    ...callbacks,
  ],
  router: [...everyone, 'SIGNALBOX_CONFIG', 'LITELLM_MASTER_KEY', ...clouds, ...callbacks],
  accounting: [
    ...everyone,
    'SIGNALBOX_CONFIG',
    'SIGNALBOX_KEY_PEPPER',
    'LITELLM_MASTER_KEY',
    'DATABASE_URL',
    ...webhooks,
  ],
  health: everyone,
  'provider-ollama': [...everyone, 'SIGNALBOX_CONFIG', 'SIGNALBOX_BACKENDS'],
  'provider-cloud': [...everyone, 'SIGNALBOX_CONFIG', ...clouds],
};
/** The image has these already; the chart can change the address, so it names them. */
const ofTheImage = ['SIGNALBOX_HOST', 'SIGNALBOX_MANAGEMENT_HOST'];

const compose = tree(parse(textOf('deploy/compose/compose.yaml'), { merge: true }));
const stack = tree(parse(textOf('deploy/swarm/stack.yaml'), { merge: true }));
const stackOfClouds = ['openrouter', 'openai', 'anthropic', 'langfuse'].map((cloud): Tree =>
  tree(parse(textOf(`deploy/swarm/stack.${cloud}.yaml`))),
);

const variables = (file: unknown, service: string) =>
  Object.keys(tree(at(file, 'services', service, 'environment') ?? {}));
const sorted = (names: readonly string[]) => names.map((name) => name.replace(/_FILE$/, '')).sort();
const swarmVariables = (service: string) => [stack, ...stackOfClouds].flatMap((file) => variables(file, service));
/** `${IMAGE:-nats:2.12-alpine}` -> `nats:2.12-alpine` */
const plainImage = (image: unknown) => text(image).replace(/^\$\{\w+:-(.+)\}$/, '$1');

const everything = {
  image: { repository: 'signalbox' },
  corsOrigins: ['https://chat.example'],
  tracing: { otlpEndpoint: 'http://jaeger:4318' },
  providerKeys: { existingSecret: 'clouds', names: clouds },
  callbackKeys: { existingSecret: 'langfuse', names: callbacks },
  services: {
    accounting: {
      extraEnv: webhooks.map((name) => ({ name, value: 'https://hooks.example' })),
    },
    'provider-ollama': { workers: { one: { backends: ['ollama-a-11434'] } }, keepGeneral: false },
  },
};

describe('compose and Swarm', () => {
  it.each(services)('%s has the agreed variables', (service) => {
    expect(sorted(variables(compose, service))).toEqual(sorted(agreed[service]));
    expect(sorted(swarmVariables(service))).toEqual(sorted(agreed[service]));
  });

  it('run the same services and servers on the same images', () => {
    const inStack = Object.keys(tree(stack['services']));
    expect(inStack).toEqual([...services, 'nats', 'postgres']);
    expect(Object.keys(tree(compose['services']))).toEqual([...inStack, 'ollama', 'jaeger', 'prometheus', 'grafana']);
    for (const server of ['nats', 'postgres'])
      expect(plainImage(at(stack, 'services', server, 'image'))).toBe(
        plainImage(at(compose, 'services', server, 'image')),
      );
    for (const file of [compose, stack]) {
      const images = services.map((service) => text(at(file, 'services', service, 'image')));
      expect(new Set(images).size).toBe(1);
      expect(images[0]).toMatch(/:\$\{SIGNALBOX_TAG:-0\.1\.0\}$/);
    }
  });

  it.each(services)('%s is fenced in, knows when it is ready, and may end its streams', (service) => {
    for (const file of [compose, stack]) {
      const spec = at(file, 'services', service);
      expect(at(spec, 'user')).toBe('65532:65532');
      expect(at(spec, 'read_only')).toBe(true);
      expect(at(spec, 'cap_drop')).toEqual(['ALL']);
      expect(at(spec, 'healthcheck', 'test')).toEqual(['CMD', 'node', 'deploy/docker/ready.mjs']);
      expect(at(spec, 'stop_grace_period')).toBe('5m30s');
      expect(text(at(spec, 'environment', 'SIGNALBOX_DRAIN_SECONDS'))).toBe('${SIGNALBOX_DRAIN_SECONDS:-300}');
      expect(text(at(spec, 'environment', 'NATS_USER'))).toBe(service);
    }
  });
});

describe.skipIf(helm === null)('the chart beside them (skipped where helm is not installed)', () => {
  const objects = helm === null ? [] : render({ examples: ['minimal'], values: everything });

  it.each(services)('%s has the agreed variables, image and ports', (service) => {
    const names = [...serviceEnvironment(objects, service).keys()].filter(
      (name) => !ofTheImage.includes(name) && name !== 'POSTGRES_PASSWORD',
    );
    expect(sorted(names)).toEqual(sorted(agreed[service]));
    const container = at(
      ofKind(objects, 'Deployment').find(
        (one) => at(one, 'metadata', 'labels', 'app.kubernetes.io/component') === service,
      ),
      'spec',
      'template',
      'spec',
      'containers',
      0,
    );
    expect(at(container, 'image')).toBe('signalbox:0.1.0');
    expect(at(container, 'args')).toEqual([`dist/apps/${service}/main.js`]);
    const ports = list(at(container, 'ports')).map((port) => at(port, 'containerPort'));
    expect(ports).toEqual(service === 'ingress' ? [4000, 9464] : [9464]);
  });

  it('has the same servers', () => {
    const images = podsOf(objects).flatMap(({ spec }) =>
      list(at(spec, 'containers')).map((one) => text(at(one, 'image'))),
    );
    for (const server of ['nats', 'postgres'])
      expect(images).toContain(plainImage(at(compose, 'services', server, 'image')));
    const nats = at(the(objects, 'StatefulSet', 'nats'), 'spec', 'template', 'spec', 'containers', 0);
    const passwords = [...environmentOf(nats).keys()].filter((name) => name.startsWith('NATS_PASSWORD_'));
    expect(passwords.sort()).toEqual(
      variables(compose, 'nats')
        .filter((name) => name.startsWith('NATS_PASSWORD_'))
        .sort(),
    );
  });

  it('publishes the same port as Traefik and compose reach', () => {
    expect(at(the(objects, 'Service', 'ingress'), 'spec', 'ports', 0, 'port')).toBe(4000);
    expect(
      at(stack, 'services', 'ingress', 'deploy', 'labels', 'traefik.http.services.signalbox.loadbalancer.server.port'),
    ).toBe('4000');
    expect(text(at(compose, 'services', 'ingress', 'ports', 0))).toMatch(/:4000$/);
  });
});
