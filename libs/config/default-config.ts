/** What holds without a config file: the Ollama host of the environment, and the clouds whose keys are there. */
import type { ConfigSnapshot } from '#contracts';
import { BackendRegistry } from './build/backend-registry.js';
import { loadConfigFile, withRevision } from './load-config.js';
import { ollamaBaseUrl } from './ollama-host.js';
import { formatProblem } from './source/problems.js';

const cloudKeys = { openrouter: 'OPENROUTER_API_KEY', openai: 'OPENAI_API_KEY', anthropic: 'ANTHROPIC_API_KEY' };

/**
 * The snapshot for an environment without a config file. The models of its Ollama host are not in it: they are found
 * later, see `withDiscoveredModels`. An OLLAMA_HOST that is no address is a warning, and the usual one is used.
 */
export function defaultConfig(env: Readonly<Record<string, string | undefined>>): ConfigSnapshot {
  const clouds = Object.entries(cloudKeys).filter(([, variable]) => (env[variable] ?? '') !== '');
  const models = clouds.map(([prefix]) => ({ model_name: `${prefix}/*`, litellm_params: { model: `${prefix}/*` } }));
  // JSON is YAML: the same rules hold with a file and without.
  const loaded = loadConfigFile({ path: 'environment', text: JSON.stringify({ model_list: models }), env });
  if (loaded.kind === 'invalid') throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const host = ollamaBaseUrl(env['OLLAMA_HOST']);
  const registry = new BackendRegistry();
  registry.add({
    kind: 'local',
    provider: 'ollama',
    dialect: 'ollama',
    apiBase: host ?? 'http://127.0.0.1:11434',
    apiKey: null,
    literalKey: null,
    apiVersion: null,
    organization: null,
    maxParallelRequests: null,
  });
  const found = [...registry.finish().values()];
  const fault = `'${env['OLLAMA_HOST'] ?? ''}' is no address; http://127.0.0.1:11434 is used`;
  return withRevision({
    ...loaded.snapshot,
    backends: [...found, ...loaded.snapshot.backends],
    discoverBackends: found.map(({ id }) => id),
    problems:
      host === null
        ? [{ severity: 'warning', file: 'environment', line: null, path: 'OLLAMA_HOST', message: fault }]
        : [],
  });
}
