/** Where the secrets of this process are found: its own environment, and the config file it was given. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Environment } from './env.js';
import type { SecretSources } from './secret.js';

/** Sources for `resolveSecret`. Reading throws where a secret stands in a file that this process was not given. */
export function secretSourcesOf(environment: Pick<Environment, 'variables' | 'configFile'>): SecretSources {
  return {
    env: environment.variables,
    readFile: (include) => {
      const { configFile } = environment;
      if (configFile === null)
        throw new Error('a secret stands in the config file, which this service was not given (SIGNALBOX_CONFIG)');
      return readFileSync(include === null ? configFile : resolve(dirname(configFile), include), 'utf8');
    },
  };
}
