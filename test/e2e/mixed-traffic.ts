/** All that can happen to requests, made on purpose: what dashboards, rules and traces are tried with. */
import { expect, vi } from 'vitest';
import { z } from 'zod';
import { OllamaUpstream, OpenAiUpstream, OtlpReceiver, startSuite, type Behaviour, type Suite } from '#testing';

export interface Traffic {
  readonly suite: Suite;
  readonly receiver: OtlpReceiver;
  /** Everything once; a rate needs it twice, with a scrape between. */
  round(): Promise<void>;
  /** The router dies under a request and comes back; a change of the config is refused. */
  accidents(): Promise<void>;
  /** Resolves when what takes long has ended. */
  ended(): Promise<void>;
  /** From now on one stream runs on the host, and one waits for it. */
  hold(): Promise<void>;
  stop(): Promise<void>;
}

interface Upstreams {
  readonly ollama: OllamaUpstream;
  readonly cloud: OpenAiUpstream;
  readonly openRouter: OpenAiUpstream;
  /** Does not take the config's key. */
  readonly closed: OpenAiUpstream;
}

/** How the cloud's models are; `sky` is the good one. */
const cloudModels: Readonly<Record<string, Behaviour>> = {
  sky: {},
  broken: { refuse: { status: 500, body: { error: { message: 'boom' } } } },
  busy: { refuse: { status: 429, body: { error: { message: 'slow down', type: 'rate_limit_error' } } } },
  // Bills far more than it was asked.
  vague: { promptTokens: 50_000 },
  // Longer than the ten seconds after which a trace is called slow.
  slow: { text: ['a ', 'b ', 'c '], pieceDelayMs: 3_500 },
  long: { text: Array.from({ length: 500 }, () => 'word '), pieceDelayMs: 20 },
  mute: { instead: 'hang' },
};
const price = { input_cost_per_token: 0.001, output_cost_per_token: 0.002 };

function configOf({ ollama, cloud, openRouter, closed }: Upstreams): object {
  const local = (name: string, model: string) => ({
    model_name: name,
    litellm_params: { model: `ollama_chat/${model}`, api_base: ollama.url },
  });
  const clouds = Object.keys(cloudModels).map((name) => ({
    model_name: name,
    litellm_params: { model: `openai/${name}`, api_base: `${cloud.url}/v1`, api_key: 'sk-up', ...price },
  }));
  const free = { model: 'openrouter/a/b:free', api_base: `${openRouter.url}/api/v1`, api_key: 'sk-or' };
  const revoked = { model: 'openai/x', api_base: `${closed.url}/v1`, api_key: 'sk-old' };
  const dead = { model: 'openai/x', api_base: 'http://127.0.0.1:9/v1', api_key: 'k' };
  return {
    model_list: [
      local('house', 'a:8b'),
      local('hut', 'b:8b'),
      local('shed', 'c:8b'),
      ...clouds,
      { model_name: 'free', litellm_params: free },
      { model_name: 'revoked', litellm_params: revoked },
      { model_name: 'dead', litellm_params: dead },
    ],
    router_settings: { num_retries: 1, disable_cooldowns: true, fallbacks: [{ shed: ['sky'] }] },
    litellm_settings: { cache: true },
    general_settings: { health_check_interval: 1 },
    signalbox: { metrics_semconv: true },
  };
}

/** Starts the suite on upstreams of every kind, traced from the first request on. */
export async function startTraffic(): Promise<Traffic> {
  const [receiver, ollama, cloud, openRouter, closed] = await Promise.all([
    OtlpReceiver.start(),
    OllamaUpstream.start({ models: ['a:8b', 'b:8b', 'c:8b'], maxLoaded: 1, loadMs: 600 }),
    OpenAiUpstream.start(),
    OpenAiUpstream.start({ flavour: 'openrouter', models: ['a/b:free'] }),
    OpenAiUpstream.start({ apiKey: 'sk-new' }),
  ]);
  const stopAll = () => Promise.all([receiver, ollama, cloud, openRouter, closed].map((one) => one.stop()));
  cloud.script.default((model) => cloudModels[model] ?? {});
  ollama.script.default((model) => (model === 'c:8b' ? { refuse: { status: 500, body: { error: 'no memory' } } } : {}));
  const config = configOf({ ollama, cloud, openRouter, closed });
  const suite = await startSuite({
    config,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '200' },
  }).catch(async (error: unknown) => {
    await stopAll();
    throw error;
  });
  const people = await peopleOf(suite);
  const slow = asked(suite, { model: 'slow', stream: true });
  const held = new AbortController();
  return {
    suite,
    receiver,
    round: () => round(suite, people, cloud),
    accidents: () => accidents(suite, config),
    ended: async () => expect(await slow).toBe(200),
    async hold() {
      ollama.script.next({ text: Array.from({ length: 10_000 }, () => 'still '), pieceDelayMs: 200 });
      const ask = () => send(suite, { model: 'house', stream: true }, suite.adminKey, held.signal);
      const toTheEnd = (response: Response) => response.text();
      void toTheEnd(await ask()).catch(() => null);
      void ask()
        .then(toTheEnd)
        .catch(() => null);
    },
    async stop() {
      held.abort();
      await suite.stop();
      await stopAll();
    },
  };
}

type People = Readonly<Record<'poor' | 'rich' | 'member' | 'blocked', string>>;

async function peopleOf(suite: Suite): Promise<People> {
  const post = async (path: string, body: object) => {
    const response = await suite.fetch(path, { method: 'POST', body });
    expect(response.status, path).toBe(200);
    return response.json();
  };
  const key = async (body: object) => z.object({ key: z.string() }).parse(await post('/key/generate', body)).key;
  await post('/team/new', { team_id: 'crew', team_alias: 'crew', max_budget: 50, budget_duration: '1d' });
  const blocked = await key({ key_alias: 'blocked' });
  await post('/key/block', { key: blocked });
  return {
    poor: await key({ key_alias: 'poor', max_budget: 0.0001, budget_duration: '1d' }),
    rich: await key({ key_alias: 'rich', max_budget: 1_000, budget_duration: '1d' }),
    member: await key({ key_alias: 'member', team_id: 'crew' }),
    blocked,
  };
}

let questions = 0;

interface Question {
  readonly model: string;
  readonly stream?: boolean;
  readonly content?: string;
}

function send(suite: Suite, { model, stream = false, content }: Question, key: string, signal?: AbortSignal) {
  questions += 1;
  return fetch(`${suite.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model,
      stream,
      max_tokens: 50,
      // The cache knows none of them, unless it is to know it.
      messages: [{ role: 'user', content: content ?? `Question ${String(questions)}` }],
    }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The status of a whole answer. */
async function asked(suite: Suite, question: Question, key = suite.adminKey): Promise<number> {
  const response = await send(suite, question, key);
  await response.text();
  return response.status;
}

async function round(suite: Suite, people: People, cloud: OpenAiUpstream): Promise<void> {
  const ask = async (status: number, question: Question, key?: string) =>
    expect(await asked(suite, question, key), JSON.stringify(question)).toBe(status);
  // Three for a host that does one at a time, then one that displaces their model.
  await Promise.all([1, 2, 3].map(() => ask(200, { model: 'house', stream: true })));
  await ask(200, { model: 'hut', stream: true });
  await Promise.all([
    ask(200, { model: 'shed' }),
    ask(200, { model: 'sky', stream: true }, people.rich),
    ask(200, { model: 'sky' }, people.member),
    ask(200, { model: 'vague' }, people.rich),
    ask(200, { model: 'free' }),
  ]);
  await ask(200, { model: 'sky', content: 'Again?' });
  await ask(200, { model: 'sky', content: 'Again?' });
  await ask(429, { model: 'sky' }, people.poor);
  await ask(502, { model: 'broken' });
  await ask(429, { model: 'busy' });
  await ask(503, { model: 'revoked' });
  await ask(503, { model: 'dead' });
  await ask(404, { model: 'made-up' });
  await ask(401, { model: 'house' }, people.blocked);
  await ask(401, { model: 'house' }, 'sk-nobody-knows-this-key');
  await leaveWhileStreaming(suite);
  await leaveBeforeTheAnswer(suite, cloud);
}

async function leaveWhileStreaming(suite: Suite): Promise<void> {
  const leaving = new AbortController();
  const response = await send(suite, { model: 'long', stream: true }, suite.adminKey, leaving.signal);
  await response.body?.getReader().read();
  leaving.abort();
}

async function leaveBeforeTheAnswer(suite: Suite, cloud: OpenAiUpstream): Promise<void> {
  const leaving = new AbortController();
  const before = cloud.requests.length;
  const gone = send(suite, { model: 'mute' }, suite.adminKey, leaving.signal).catch(() => null);
  await vi.waitUntil(() => cloud.requests.length > before, { timeout: 30_000 });
  leaving.abort();
  await gone;
}

async function accidents(suite: Suite, config: object): Promise<void> {
  const pid = suite.pid('router') ?? 0;
  suite.kill('router');
  // Refused, or answered after all where the next router is quick.
  await asked(suite, { model: 'house' });
  await suite.restarted('router', pid);
  await vi.waitFor(async () => expect(await asked(suite, { model: 'house' })).toBe(200), { timeout: 30_000 });
  await suite.writeConfig('model_list: nonsense\n');
  const isRefused = async () => (await healthOf(suite)).config.refused !== null;
  await vi.waitUntil(isRefused, { timeout: 30_000 });
  await suite.writeConfig(config);
  await vi.waitUntil(async () => !(await isRefused()), { timeout: 30_000 });
}

const Health = z.object({ config: z.object({ refused: z.unknown() }) });
const healthOf = async (suite: Suite) => Health.parse(await (await suite.fetch('/health')).json());
