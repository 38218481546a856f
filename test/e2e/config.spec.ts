/** The config file in the running suite: its own variables, included files, a ConfigMap's swap, refused changes. */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { OpenAiUpstream, OtlpReceiver, startSuite, type Suite } from '#testing';

let suite: Suite;
let cloud: OpenAiUpstream;
let traces: OtlpReceiver;
let mount: string;
let revision = 0;

const masterKey = 'sk-master-in-the-file';
const messages = [{ role: 'user', content: 'Which lamp is lit?' }];

const mainFile = (key: string, more: object = {}) => ({
  include: ['models.yaml'],
  environment_variables: {
    // None of these names looks like a secret, and two of them are used as one.
    UPSTREAM_ACCOUNT: key,
    UPSTREAM_STAMP: `stamp-of-${key}`,
    UPSTREAM_BASE: `${cloud.url}/v1`,
    OTEL_EXPORTER_OTLP_ENDPOINT: traces.url,
  },
  general_settings: { master_key: masterKey },
  ...more,
});
const modelsFile = (...names: string[]) => ({
  model_list: names.map((name) => ({
    model_name: name,
    litellm_params: {
      model: `openai/${name}`,
      api_base: 'os.environ/UPSTREAM_BASE',
      api_key: 'os.environ/UPSTREAM_ACCOUNT',
      extra_headers: { 'x-stamp': 'os.environ/UPSTREAM_STAMP' },
    },
  })),
});

/** Files as the kubelet lays them out: links to `..data/FILE`, and `..data` a link that is swapped for another folder. */
async function swap(files: Record<string, string | object>): Promise<void> {
  revision += 1;
  const folder = `..revision-${revision}`;
  await mkdir(join(mount, folder));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(mount, folder, name), typeof content === 'string' ? content : stringify(content));
  }
  await symlink(folder, join(mount, '..data_tmp'));
  await rename(join(mount, '..data_tmp'), join(mount, '..data'));
}

beforeAll(async () => {
  [cloud, traces] = await Promise.all([OpenAiUpstream.start(), OtlpReceiver.start()]);
  mount = await mkdtemp(join(tmpdir(), 'signalbox-mount-'));
  await swap({ 'config.yaml': mainFile('sk-account-one'), 'models.yaml': modelsFile('first') });
  for (const name of ['config.yaml', 'models.yaml']) await symlink(join('..data', name), join(mount, name));
  suite = await startSuite({ adminKey: null, args: ['--config', join(mount, 'config.yaml')] });
});

afterAll(async () => {
  await suite?.stop();
  await Promise.all([cloud?.stop(), traces?.stop()]);
  await rm(mount, { recursive: true, force: true });
});

const call = (path: string, body?: object) =>
  fetch(`${suite.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
const ask = (model: string) => call('/v1/chat/completions', { model, messages });
const modelNames = async () => {
  const response = await call('/v1/models');
  return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
};
const lastHeaders = () => cloud.server.to('/v1/chat/completions').at(-1)?.headers;

describe('environment_variables of the file', () => {
  it('are the address, the key and the headers that an upstream gets', async () => {
    expect((await ask('first')).status).toBe(200);
    expect(lastHeaders()).toMatchObject({
      authorization: 'Bearer sk-account-one',
      'x-stamp': 'stamp-of-sk-account-one',
    });
  });

  it('switch traces on', async () => {
    await ask('first');
    await expect.poll(() => traces.spans.length, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  it('change with the file, together with what it includes, within two seconds', async () => {
    await swap({ 'config.yaml': mainFile('sk-account-two'), 'models.yaml': modelsFile('first', 'second') });
    await expect.poll(modelNames, { timeout: 2_500, interval: 100 }).toEqual(['first', 'second']);
    expect((await ask('second')).status).toBe(200);
    expect(lastHeaders()).toMatchObject({
      authorization: 'Bearer sk-account-two',
      'x-stamp': 'stamp-of-sk-account-two',
    });
  });
});

it('a change of an included file alone counts', async () => {
  await swap({ 'config.yaml': mainFile('sk-account-two'), 'models.yaml': modelsFile('third') });
  await expect.poll(modelNames, { timeout: 2_500, interval: 100 }).toEqual(['third']);
});

type Refused = { problems: { severity: string; file: string }[] } | null;

describe('a change that cannot be used', () => {
  const refusal = async () => {
    const { config } = (await (await call('/health')).json()) as { config: { refused: Refused } };
    return config.refused;
  };

  it.each([
    ['no YAML', { 'config.yaml': 'model_list: [', 'models.yaml': modelsFile('third') }, 'config.yaml'],
    ['a fault in an included file', { 'models.yaml': 'model_list: {a: 1}' }, 'models.yaml'],
  ])('%s takes nobody the keys of the file away', async (_name, files, file) => {
    await swap({ 'config.yaml': mainFile('sk-account-two'), ...files });
    const errorIn = async () =>
      (await refusal())?.problems.some((problem) => problem.severity === 'error' && problem.file.endsWith(file));
    await expect.poll(errorIn, { timeout: 5_000, interval: 100 }).toBe(true);
    expect((await ask('third')).status).toBe(200);
    expect(lastHeaders()).toMatchObject({ authorization: 'Bearer sk-account-two' });
  });
});

it('no secret of the file is printed, in no log and on no page', async () => {
  const pages = await Promise.all(
    ['/health', '/v1/model/info', '/v1/models'].map(async (path) => (await call(path)).text()),
  );
  const logs = (['ingress', 'router', 'provider-cloud', 'accounting', 'health'] as const).map((name) =>
    JSON.stringify(suite.records(name)),
  );
  for (const text of [suite.logs(), ...logs, ...pages]) {
    expect(text).not.toMatch(/sk-account-|sk-master-in-the-file/);
  }
});
