/** Configuration: the environment of a process, and the config file. */
export { Environment, withFileTwins } from './env.js';
export { secretSourcesOf } from './secret-sources.js';
export { loadConfigFile, withRevision } from './load-config.js';
export type { ConfigText, LoadedConfig } from './load-config.js';
export { readConfigFile, watchConfigFile } from './config-file.client.js';
export type { ConfigWatch } from './config-file.client.js';
export { defaultConfig } from './default-config.js';
export { ollamaBaseUrl } from './ollama-host.js';
export { withDiscoveredModels, discoveredPath } from './discovered-models.js';
export { Secret, resolveSecret, resolveHeaders, withDeclaredVariables } from './secret.js';
export type { SecretSources } from './secret.js';
export { providers, resolveModelName } from './providers.js';
export type { Provider, ModelTarget } from './providers.js';
export { explainModel } from './explain-model.js';
export { formatProblem } from './source/problems.js';
export { closestName } from './source/closest-name.js';
export { runConfigCommand, configUsage } from './cli/config-command.js';
export type { Terminal, Explain } from './cli/config-command.js';
