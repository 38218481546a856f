import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfigFile } from '#config';
import type { ConfigSnapshot } from '#contracts';
import { Secrets } from './secrets.js';

const text = (token: string) =>
  `environment_variables: {TOKEN: ${token}, FLAG: true, OTHER: os.environ/OUTER}\ngeneral_settings: {master_key: sk-in-the-file}\n`;
const env = { TOKEN: 'of-the-environment', OUTER: 'outer', PLAIN: 'plain' };

let home: string;
let configFile: string;
let tell: (snapshot: ConfigSnapshot) => void;
let warnings: unknown[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'signalbox-secrets-'));
  configFile = join(home, 'config.yaml');
  warnings = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

const secretsOf = (file: string | null) =>
  new Secrets({
    environment: { variables: env, configFile: file },
    snapshots: { onChange: (handler) => (tell = handler) },
    logger: { warn: (fields) => warnings.push(fields) },
  });

/** Writes the file and tells its snapshot, as the router would. */
async function bringIntoForce(written: string): Promise<ConfigSnapshot> {
  await writeFile(configFile, written);
  const loaded = loadConfigFile({ path: configFile, text: written, env });
  if (loaded.kind === 'invalid') throw new Error(JSON.stringify(loaded.problems));
  tell(loaded.snapshot);
  return loaded.snapshot;
}

describe('variables of the config file', () => {
  it('win over the environment, and follow the file', async () => {
    const secrets = secretsOf(configFile);
    expect(secrets.variables()).toEqual(env);
    await bringIntoForce(text('first'));
    expect(secrets.variables()).toEqual({ ...env, TOKEN: 'first', FLAG: 'true', OTHER: 'outer' });
    await bringIntoForce(text('second'));
    expect(secrets.variables()['TOKEN']).toBe('second');
  });

  it('are not in reach of a service without the file, which says so by name only', async () => {
    const secrets = secretsOf(null);
    await bringIntoForce(text('hidden-value'));
    expect(secrets.variables()).toEqual(env);
    expect(warnings).toMatchObject([{ variables: ['TOKEN', 'FLAG', 'OTHER'] }]);
    expect(JSON.stringify(warnings)).not.toContain('hidden-value');
  });
});

it('keeps the secrets of the config in force while the file holds a refused change', async () => {
  const secrets = secretsOf(configFile);
  const snapshot = await bringIntoForce(text('good'));
  await writeFile(configFile, 'general_settings: {master_key: [');
  tell({ ...snapshot, refused: { at: '2026-01-01T00:00:00Z', problems: [] } });
  expect(secrets.resolve({ from: 'file', path: 'general_settings.master_key' })?.reveal()).toBe('sk-in-the-file');
  expect(secrets.variables()['TOKEN']).toBe('good');
});

it('follows the environment for references to it', () => {
  expect(secretsOf(null).resolve({ from: 'env', name: 'PLAIN' })?.reveal()).toBe('plain');
  expect(secretsOf(null).resolve({ from: 'env', name: 'GONE' })).toBeNull();
});
