/** Who may talk to whom in the chart, and how clients come in. */
import { describe, expect, it } from 'vitest';
import { helm, nameOf, ofKind, podsOf, render, the } from './chart.js';
import { at, list, services, text, type Tree } from './deployment-files.js';

const minimal = ['minimal'];
const policiesOf = (objects: readonly Tree[]) =>
  new Map(ofKind(objects, 'NetworkPolicy').map((policy) => [nameOf(policy), policy]));
const cidrsIn = (value: unknown): string[] =>
  [...JSON.stringify(value ?? null).matchAll(/"cidr":"([^"]+)"/g)].map((match) => match[1] ?? '');
const isPublic = (cidr: string) => cidr === '0.0.0.0/0' || cidr === '2000::/3' || cidr === '::/0';

describe.skipIf(helm === null)('the network (skipped where helm is not installed)', () => {
  it('is closed by default, and only provider-cloud may reach the internet', () => {
    for (const example of ['minimal', 'homelab-argocd', 'high-availability', 'external-nats']) {
      const objects = render({ examples: [example] });
      const policies = policiesOf(objects);
      const cloud = ofKind(objects, 'Deployment')
        .map(nameOf)
        .filter((name) => name.endsWith('provider-cloud'));
      expect(at(policies.get('sb-signalbox-default'), 'spec', 'policyTypes')).toEqual(['Ingress', 'Egress']);
      expect(at(policies.get('sb-signalbox-default'), 'spec', 'ingress')).toBeUndefined();
      const open = [...policies]
        .filter(([, policy]) => cidrsIn(at(policy, 'spec', 'egress')).some(isPublic))
        .map(([name]) => name);
      expect(open, example).toEqual(cloud);
      const unbounded = [...policies].filter(([, policy]) =>
        list(at(policy, 'spec', 'egress')).some((rule) => at(rule, 'to') === undefined),
      );
      expect(unbounded, example).toEqual([]);
    }
  });

  it('lets the six services and nobody else reach NATS, and accounting alone PostgreSQL', () => {
    const policies = policiesOf(render({ examples: minimal }));
    const doors = list(at(policies.get('sb-signalbox-nats'), 'spec', 'ingress'));
    const clients = doors.find((door) => at(door, 'ports', 0, 'port') === 4222);
    expect(list(at(clients, 'from')).length).toBe(1);
    expect(at(clients, 'from', 0, 'podSelector', 'matchLabels', 'signalbox/service')).toBe('true');
    const database = list(at(policies.get('sb-signalbox-postgresql'), 'spec', 'ingress'));
    expect(database.map((door) => list(at(door, 'from')).length)).toEqual([1]);
    expect(at(database, 0, 'from', 0, 'podSelector', 'matchExpressions')).toEqual([
      { key: 'app.kubernetes.io/component', operator: 'In', values: ['accounting', 'migration'] },
    ]);
    const pods = podsOf(render({ examples: minimal })).filter(
      ({ metadata }) => at(metadata, 'labels', 'signalbox/service') === 'true',
    );
    expect(pods.map(({ metadata }) => text(at(metadata, 'labels', 'app.kubernetes.io/component'))).sort()).toEqual(
      [...services].sort(),
    );
  });

  const reached = (values: unknown, workload: string) => {
    const policy = policiesOf(render({ examples: minimal, values })).get(`sb-signalbox-${workload}`);
    return list(at(policy, 'spec', 'egress')).map((rule) => {
      const peers = list(at(rule, 'to')).map((peer) =>
        text(
          at(peer, 'ipBlock', 'cidr') ??
            at(peer, 'namespaceSelector', 'matchLabels', 'kubernetes.io/metadata.name') ??
            'the cluster',
        ),
      );
      return `${peers.map(text).join(' ')} ${list(at(rule, 'ports'))
        .map((port) => text(at(port, 'port')))
        .join(' ')}`.trim();
    });
  };
  const engine = (api_base: string, model = 'ollama/x', data_policy?: string) => ({
    model_name: 'x',
    litellm_params: { model, api_base },
    ...(data_policy === undefined ? {} : { model_info: { data_policy } }),
  });
  const of = (...model_list: readonly unknown[]) => ({ config: { content: { model_list } } });
  const ranges = '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7';

  it.each([
    ['an address', of(engine('http://192.168.1.5:11435')), ['192.168.1.5/32 11435']],
    ['an IPv6 address', of(engine('http://[fd00::5]:8000')), ['fd00::5/128 8000']],
    ['a Service of the cluster', of(engine('http://ollama.gpu.svc:11434')), ['gpu']],
    ['a name of the network', of(engine('https://gpu.home.example', 'hosted_vllm/x')), [`${ranges} 443`]],
    ['an engine that speaks OpenAI', of(engine('http://10.0.0.7:1234/v1', 'openai/x', 'local')), ['10.0.0.7/32 1234']],
    ['no local engine', of(engine('https://api.example/v1', 'openai/x')), []],
    ['an address in a variable', of(engine('os.environ/GPU_URL')), [`the cluster ${ranges}`]],
    ['a file that the chart does not see', { config: { existingConfigMap: 'mine' } }, [`the cluster ${ranges}`]],
  ])('lets provider-ollama reach its hosts alone: %s', (_name, values, expected) => {
    expect(reached({ ...values, config: { text: '', ...values.config } }, 'provider-ollama').slice(-1)).toEqual(
      expected,
    );
  });

  it('lets a worker beside a host reach that host alone', () => {
    const hosts = of(engine('http://192.168.1.5:11434'), engine('http://192.168.1.6:11434', 'ollama_chat/y'));
    const workers = { six: { backends: ['ollama-192-168-1-6-11434'] }, odd: { backends: ['unknown'] } };
    const values = { ...hosts, services: { 'provider-ollama': { workers } } };
    expect(reached(values, 'provider-ollama-six')).toEqual(['192.168.1.6/32 11434']);
    expect(reached(values, 'provider-ollama-odd')).toEqual([`the cluster ${ranges}`]);
    expect(reached(values, 'provider-ollama')).toEqual(['192.168.1.5/32 11434', '192.168.1.6/32 11434']);
  });

  it('reaches an external NATS and the collector where they are, and what is written instead', () => {
    const values = {
      nats: { enabled: false, external: { url: 'nats://10.1.2.3:4333,nats://nats.infra.svc' } },
      tracing: { otlpEndpoint: 'http://otel.monitoring.svc:4318' },
    };
    expect(reached(values, 'services')).toEqual(['10.1.2.3/32 4333', 'infra', 'monitoring']);
    const own = [{ to: [{ ipBlock: { cidr: '10.9.9.9/32' } }] }];
    const replaced = { ...values, networkPolicy: { natsServers: own, otlp: own, localBackends: own } };
    expect(reached(replaced, 'services')).toEqual(['10.9.9.9/32', '10.9.9.9/32']);
    expect(reached(replaced, 'provider-ollama')).toEqual(['10.9.9.9/32']);
  });

  it.each([
    ['type', 'LoadBalancer'],
    ['loadBalancerIP', '192.168.55.206'],
    ['loadBalancerClass', 'io.cilium/l2-announcer'],
    ['loadBalancerSourceRanges', ['192.168.0.0/16']],
    ['externalTrafficPolicy', 'Local'],
    ['internalTrafficPolicy', 'Local'],
    ['ipFamilyPolicy', 'PreferDualStack'],
  ])('service.%s arrives', (field, value) => {
    const service = the(render({ examples: minimal, values: { service: { [field]: value } } }), 'Service', 'ingress');
    expect(at(service, 'spec', field)).toEqual(value);
  });

  it('a fixed address by annotation arrives', () => {
    const service = the(render({ examples: ['homelab-argocd'] }), 'Service', 'ingress');
    expect(at(service, 'metadata', 'annotations')).toEqual({ 'lbipam.cilium.io/ips': '192.168.55.206' });
  });
});
