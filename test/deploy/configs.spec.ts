/** Every config file that the packaging shows is one that the services take. */
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfigFile } from '#config';
import { at, list, textOf, tree, yamlOf } from './deployment-files.js';

const secrets = { LITELLM_MASTER_KEY: 'set', OPENROUTER_API_KEY: 'set' };
const example = (name: string) => {
  const config = at(yamlOf(`deploy/helm/signalbox/ci/${name}-values.yaml`), 'config');
  const inText = at(config, 'text');
  return typeof inText === 'string' ? inText : stringify(at(config, 'content'));
};

describe('example configs', () => {
  it.each([
    ['compose', textOf('deploy/compose/config.example.yaml')],
    ['kustomize', textOf('deploy/kustomize/overlays/homelab/models.yaml')],
    ['the chart, minimal', example('minimal')],
    ['the chart, homelab', example('homelab-argocd')],
    ['the chart, external NATS', example('external-nats')],
  ])('of %s loads without a remark', (_name, source) => {
    const loaded = loadConfigFile({ path: 'config.yaml', text: source, env: secrets, readInclude: () => null });
    expect(loaded.kind).not.toBe('invalid');
    expect(loaded.problems).toEqual([]);
  });

  it.each(['homelab-argocd', 'external-nats'])('of the chart, %s, have the backends that its workers name', (name) => {
    const loaded = loadConfigFile({ path: 'config.yaml', text: example(name), env: secrets, readInclude: () => null });
    const known = loaded.kind === 'ok' ? loaded.snapshot.backends.map((backend) => String(backend.id)) : [];
    const workers = tree(
      at(yamlOf(`deploy/helm/signalbox/ci/${name}-values.yaml`), 'services', 'provider-ollama', 'workers'),
    );
    for (const worker of Object.values(workers))
      for (const backend of list(at(worker, 'backends'))) expect(known).toContain(backend);
  });
});
