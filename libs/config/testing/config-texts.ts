/** Config texts for tests: loads them under the name `c.yaml`, in UTC, with an empty environment. */
import { ConfigSnapshot } from '#contracts';
import { loadConfigFile, type ConfigText, type LoadedConfig } from '../load-config.js';
import { formatProblem } from '../source/problems.js';

export function load(text: string, more: Partial<ConfigText> = {}): LoadedConfig {
  return loadConfigFile({ path: 'c.yaml', text, env: {}, timezone: 'UTC', ...more });
}

/** The problems as lines. */
export function problemsOf(text: string, more?: Partial<ConfigText>): string[] {
  return load(text, more).problems.map(formatProblem);
}

/** The snapshot, as it comes over the bus; throws where the text has errors. */
export function snapshotOf(text: string, more?: Partial<ConfigText>): ConfigSnapshot {
  const loaded = load(text, more);
  if (loaded.kind === 'invalid') throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return ConfigSnapshot.parse(loaded.snapshot);
}

/** An entry of model_list; its lines stand under litellm_params, the first one is line 5 of a file that begins with it. */
export function model(lines: readonly string[] = [], name = 'a'): string {
  const more = lines.map((line) => `      ${line}\n`).join('');
  return `  - model_name: ${name}\n    litellm_params:\n      model: ollama/x\n${more}`;
}

/** A file with the model `a`; `rest` begins at line 5. */
export function withModel(rest: string): string {
  return `model_list:\n${model()}${rest}`;
}
