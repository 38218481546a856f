/** A suite with three ingresses, two routers and two accounting services, and upstreams whose every answer is told apart. */
import { Client } from 'pg';
import {
  OllamaUpstream,
  OpenAiUpstream,
  seededRandom,
  startExtraService,
  startSuite,
  suiteServers,
  type Behaviour,
  type ExtraService,
  type Suite,
} from '#testing';

export const mostOutputTokens = 20;
/** USD for an output token of the paid model; input is free, so that no answer costs more than its reservation. */
export const outputUsd = 0.001;

export interface MoneySuite {
  readonly suite: Suite;
  readonly cloud: OpenAiUpstream;
  readonly ollama: OllamaUpstream;
  /** The suite's own ingress first. */
  readonly ingressUrls: readonly string[];
  readonly ingress: ExtraService;
  readonly extras: readonly ExtraService[];
  readonly random: () => number;
  newKey(fields: object): Promise<string>;
  /** Rows of the suite's database. */
  sql<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
  stop(): Promise<void>;
}

const configOf = (cloud: OpenAiUpstream, ollama: OllamaUpstream) => ({
  model_list: [
    {
      model_name: 'paid',
      litellm_params: {
        model: 'openai/paid',
        api_base: `${cloud.url}/v1`,
        api_key: 'sk-up',
        input_cost_per_token: 0,
        output_cost_per_token: outputUsd,
      },
    },
    {
      model_name: 'free',
      litellm_params: { model: 'ollama_chat/llama3.2', api_base: ollama.url, max_parallel_requests: 4 },
    },
  ],
  router_settings: { num_retries: 1, retry_after: 0, allowed_fails: 1_000_000, fallbacks: [{ free: ['paid'] }] },
});

/** Starts all of it; `seed` decides what the upstreams do. */
export async function startMoneySuite(seed: number): Promise<MoneySuite> {
  const random = seededRandom(seed);
  const ending: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of ending.reverse()) await end();
  };
  try {
    const cloud = await OpenAiUpstream.start();
    ending.push(() => cloud.stop());
    const ollama = await OllamaUpstream.start({ models: ['llama3.2'], parallel: 4 });
    ending.push(() => ollama.stop());
    const suite = await startSuite({ config: configOf(cloud, ollama) });
    ending.push(() => suite.stop());
    const extras: ExtraService[] = [];
    for (const name of ['ingress', 'ingress', 'router', 'accounting'] as const) {
      const extra = await startExtraService(suite, name);
      ending.push(() => extra.stop());
      extras.push(extra);
    }
    const [ingress, third] = extras;
    if (ingress === undefined || third === undefined) throw new Error('there are no extra ingresses');
    return {
      suite,
      cloud,
      ollama,
      ingress,
      extras,
      ingressUrls: [suite.url, ingress.url, third.url],
      random,
      async newKey(fields) {
        const answer = await suite.fetch('/key/generate', { method: 'POST', body: fields });
        if (!answer.ok) throw new Error(`/key/generate: ${answer.status} ${await answer.text()}`);
        return ((await answer.json()) as { key: string }).key;
      },
      sql: (text, values = []) => query(suite, text, values),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A connection for each question: the server is killed between them. */
async function query<T extends object>(suite: Suite, text: string, values: unknown[]): Promise<T[]> {
  const client = new Client({ connectionString: suiteServers(suite).databaseUrl });
  await client.connect();
  try {
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Makes upstreams answer as real ones do on a bad day. The number of prompt tokens tells answers to one request apart. */
export function misbehave({ cloud, ollama, random }: MoneySuite): void {
  let answers = 0;
  const behaviour = (): Behaviour => {
    answers += 1;
    const pieces = 1 + Math.floor(random() * 12);
    const answer: Behaviour = {
      text: Array.from({ length: pieces }, (_none, n) => `w${n} `),
      pieceDelayMs: Math.floor(random() * 30),
      promptTokens: 100 + (answers % 4_000),
    };
    const luck = random();
    if (luck < 0.04) return { ...answer, refuse: { status: 500, body: { error: { message: 'out of order' } } } };
    if (luck < 0.06) return { ...answer, instead: 'reset' };
    if (luck < 0.1) return { ...answer, breakAfter: { pieces: Math.min(2, pieces), how: 'reset' } };
    return answer;
  };
  cloud.script.default(behaviour);
  ollama.script.default(behaviour);
}
