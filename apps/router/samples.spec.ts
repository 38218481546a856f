/** What the owners of the five sample files expect of their routing, from their own words. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatProblem, loadConfigFile } from '#config';
import { GatewayError } from '#contracts';
import { explainPlan } from './explain.js';
import { FleetUnderTest, installed, loaded, type QuerySpec } from './route.fixtures.js';

const folder = new URL('../../test/fixtures/samples/', import.meta.url);
const allKeys = {
  LITELLM_MASTER_KEY: 'sk-master',
  OPENROUTER_API_KEY: 'sk-or',
  OPENAI_API_KEY: 'sk-oa',
  ANTHROPIC_API_KEY: 'sk-an',
  SOLAR_BOT_KEY: 'sk-solar',
  REDIS_URL: 'redis://r',
};

function sample(name: string, env: Record<string, string> = allKeys) {
  const text = readFileSync(new URL(name, folder), 'utf8');
  const file = loadConfigFile({ path: name, text, env, timezone: 'UTC' });
  if (file.kind === 'invalid') throw new Error(file.problems.map(formatProblem).join('\n'));
  return new SampleFleet(file.snapshot, 5);
}

/** Backends by the host in their address, so that the tests read as the owners write. */
class SampleFleet extends FleetUnderTest {
  idOf(host: string): string {
    const found = [...this.index.backends.values()].find((backend) => new URL(backend.apiBase).host.startsWith(host));
    if (found === undefined) throw new Error(`no backend at ${host}`);
    return found.id;
  }

  /** A host refuses connections: one request finds out. */
  pullThePlug(host: string): void {
    const id = this.idOf(host);
    const one = [...this.index.byId.values()].find((candidate) => candidate.backend.id === id);
    if (one !== undefined) this.fail(one.deployment.id, 'upstream_unreachable');
  }

  /** Host and model of each attempt, retries left out. */
  tries(model: string, spec: QuerySpec = {}): string[] {
    return this.plan(model, spec)
      .attempts.filter((attempt) => attempt.retry === 0)
      .map((attempt) => `${new URL(attempt.backend.apiBase).hostname} ${attempt.upstreamModel}`);
  }

  codeOf(model: string, spec: QuerySpec = {}): string {
    try {
      this.plan(model, spec);
    } catch (error) {
      if (error instanceof GatewayError) return error.code;
      throw error;
    }
    return 'planned';
  }
}

describe('000: one GPU host and free cloud models', () => {
  const fleet = () => sample('000-homelab-cluster.yaml');

  it('each name goes to its own kind of backend', () => {
    expect(fleet().tries('qwen3.5')).toEqual(['ollama.ollama.svc.cluster.local qwen3.5:9b']);
    expect(fleet().tries('qwen3-coder')).toEqual(['openrouter.ai qwen/qwen3-coder:free']);
  });

  it('a spent free day takes all free models out, and leaves the GPU host alone', () => {
    const spent = fleet();
    const [attempt] = spent.plan('step-flash').attempts;
    spent.fail(attempt?.deploymentId ?? '', 'rate_limit_exceeded', {
      upstreamStatus: 429,
      retryAfterMs: 6 * 3_600_000,
    });
    expect(spent.codeOf('hermes-405b')).toBe('no_healthy_backend');
    expect(spent.codeOf('qwen3.5')).toBe('planned');
  });

  it('a retired free model takes only itself out', () => {
    const retired = fleet();
    const [attempt] = retired.plan('step-flash').attempts;
    retired.fail(attempt?.deploymentId ?? '', 'model_not_found', { upstreamStatus: 404 });
    expect(retired.codeOf('step-flash')).toBe('no_healthy_backend');
    expect(retired.codeOf('hermes-405b')).toBe('planned');
  });

  it('a model that the host does not have names the command that pulls it', () => {
    const empty = fleet();
    empty.health(empty.idOf('ollama'), { installed: installed('qwen3.5:9b') });
    expect(empty.codeOf('qwen3.5')).toBe('planned');
    expect(() => empty.plan('deepseek-coder')).toThrow(
      expect.objectContaining({
        details: expect.objectContaining({ adminText: expect.stringContaining('ollama pull deepseek-coder:6.7b') }),
      }),
    );
  });
});

describe('001: names by intent with hard limits', () => {
  it('the eleventh request of a minute is refused, as its rpm under model_info says', () => {
    const fleet = sample('001-budgets-and-intents.yaml');
    for (let at = 0; at < 10; at += 1) fleet.start('solar-expert', { requestId: `r${at}` });
    expect(fleet.codeOf('solar-expert')).toBe('rate_limit_exceeded');
    expect(fleet.codeOf('solar-deep')).toBe('planned');
    fleet.nowMs += 61_000;
    expect(fleet.codeOf('solar-expert')).toBe('planned');
  });

  it('so are tokens over its tpm', () => {
    const fleet = sample('001-budgets-and-intents.yaml');
    fleet.start('solar-expert', { requestId: 'r1', inputTokens: 28_000 });
    expect(fleet.codeOf('solar-expert', { inputTokens: 3_000 })).toBe('rate_limit_exceeded');
    expect(fleet.codeOf('solar-expert', { inputTokens: 1_000 })).toBe('planned');
  });

  it('the system prompt, the answer length and `think` travel with the attempt, two retries follow', () => {
    const plan = sample('001-budgets-and-intents.yaml').plan('solar-deep');
    expect(plan.attempts).toHaveLength(3);
    expect(plan.attempts[0]).toMatchObject({
      extraBody: { think: true },
      params: { max_tokens: 4_096 },
      timeoutMs: 120_000,
    });
    expect(plan.attempts[0]?.systemPrompt?.text).toContain('You analyse solar projects');
  });
});

describe('002: mixed hardware, order, aliases, circles of fallbacks, a complexity router', () => {
  const fleet = () => sample('002-mixed-hardware.yaml');
  const nano = 'nemotron-3-nano:4b';
  const cascade = 'nemotron-cascade-2:30b';

  it('the Macs come first, by order, and reasoning_fast falls back to the large model on star', () => {
    const chain = [`clementine ${nano}`, `banana ${nano}`, `star ${cascade}`, `ollama ${cascade}`];
    expect(fleet().tries('reasoning_fast')).toEqual(chain);
    expect(fleet().tries('tools_fast')).toEqual(chain);
  });

  it('its circle of coding, reasoning_slow and tools_slow ends: they are one model', () => {
    for (const alias of ['coding', 'reasoning_slow', 'tools_slow', 'default']) {
      expect(fleet().tries(alias)).toEqual([`star ${cascade}`, `ollama ${cascade}`]);
    }
  });

  it('"if clementine is down, reasoning_fast can fall back": to banana first, without trying clementine', () => {
    const dark = fleet();
    dark.pullThePlug('clementine');
    expect(dark.tries('reasoning_fast')[0]).toBe(`banana ${nano}`);
    dark.pullThePlug('banana');
    expect(dark.tries('reasoning_fast')).toEqual([`star ${cascade}`, `ollama ${cascade}`]);
  });

  it("banana's other models are out with it, at once: vision goes to default_fallbacks", () => {
    const dark = fleet();
    dark.pullThePlug('banana');
    expect(dark.tries('vision')).toEqual([`star ${cascade}`, `ollama ${cascade}`]);
  });

  it('embeddings go to clementine before banana, and never to a chat model', () => {
    const spec = { endpoint: 'embedding' } as const;
    expect(fleet().tries('embedding', spec)).toEqual(['clementine embeddinggemma', 'banana embeddinggemma']);
    expect(fleet().codeOf('embedding')).toBe('planned');
    const dark = fleet();
    dark.pullThePlug('clementine');
    dark.pullThePlug('banana');
    expect(dark.codeOf('embedding', spec)).toBe('no_healthy_backend');
  });

  it.each([
    ['turn off the light', 'SIMPLE', 'clementine'],
    ['la '.repeat(40), 'MEDIUM', 'clementine'],
    ['la '.repeat(200), 'COMPLEX', 'star'],
    ['Prove step by step that it holds, and weigh the pros and cons of each approach to it', 'REASONING', 'star'],
  ])('smart-router: %j is %s and goes to %s', (text, tier, host) => {
    const plan = fleet().plan('smart-router', { lastUserText: text });
    expect(plan.complexity?.tier).toBe(tier);
    expect(new URL(plan.attempts[0]?.backend.apiBase ?? '').hostname).toBe(host);
  });

  it('the fallbacks of the chosen tier hold behind the router', () => {
    expect(fleet().tries('smart-router', { lastUserText: 'hi' })).toEqual(fleet().tries('reasoning_fast'));
  });

  it('explains itself on a terminal', () => {
    const lines = explainPlan(fleet().index.snapshot, 'reasoning_fast');
    expect(lines[0]).toMatch(/^reasoning_fast: \d+ attempts$/);
    expect(lines[1]).toMatch(/^1\. nemotron-3-nano:4b: .*clementine.*order 1/);
    expect(lines).toContain('note: route: reasoning_fast -> nemotron-3-nano:4b');
    expect(explainPlan(fleet().index.snapshot, 'reasoning_fsat')[0]).toContain("Did you mean 'reasoning_fast'");
  });
});

describe('003: two nodes and map-form fallbacks', () => {
  const fleet = () => sample('003-local-stack.yaml');
  const clouds = ['api.openai.com gpt-4o-mini', 'api.anthropic.com claude-3-5-sonnet-20241022'];

  it('both nodes are tried before the clouds, in the order of the map', () => {
    const tries = fleet().tries('qwen3-local');
    expect(tries.slice(0, 2).sort()).toEqual(['ollama-node-1 qwen3:14b', 'ollama-node-2 qwen3:14b']);
    expect(tries.slice(2)).toEqual(clouds);
  });

  it('the faster node gets the traffic', () => {
    const warm = fleet();
    for (const candidate of warm.index.groups.get('qwen3-local') ?? []) {
      const isFirst = candidate.backend.apiBase.includes('node-1');
      warm.outcome(candidate.deployment.id, { durationMs: isFirst ? 4_000 : 400, outputTokens: 20 });
    }
    const firsts = Array.from({ length: 100 }, () => warm.tries('qwen3-local')[0]);
    expect(firsts.filter((first) => first?.includes('node-2')).length).toBeGreaterThan(80);
  });

  it('over 30 requests a minute on each node they go to the cloud', () => {
    const busy = fleet();
    for (let at = 0; at < 60; at += 1) busy.start('qwen3-local', { requestId: `r${at}` });
    expect(busy.tries('qwen3-local')).toEqual(clouds);
  });

  it('with local data they stay at home, whatever happens', () => {
    const dark = fleet();
    dark.pullThePlug('ollama-node-1');
    expect(dark.tries('qwen3-local', { dataPolicy: 'local' })).toEqual(['ollama-node-2 qwen3:14b']);
    dark.pullThePlug('ollama-node-2');
    expect(dark.codeOf('qwen3-local', { dataPolicy: 'local' })).toBe('no_healthy_backend');
    expect(dark.tries('qwen3-local')).toEqual(clouds);
  });

  it('a cloud without its key is skipped', () => {
    const tries = sample('003-local-stack.yaml', { ANTHROPIC_API_KEY: 'sk-an', REDIS_URL: 'redis://r' }).tries(
      'qwen3-local',
    );
    expect(tries.slice(2)).toEqual([clouds[1]]);
  });
});

describe('004: local first, cloud by name or as a fallback, least-busy over three hosts', () => {
  const fleet = () => sample('004-sovereign-gateway.yaml');

  it('llama3 goes to the least busy of the three hosts', () => {
    const busy = fleet();
    busy.load(busy.idOf('gpu-server-1'), { running: 2, queued: 1 });
    busy.load(busy.idOf('gpu-server-2'), { running: 1 });
    busy.load(busy.idOf('gpu-server-3'), { running: 1, queued: 1 });
    expect(busy.tries('llama3').map((one) => one.split(' ')[0])).toEqual([
      'gpu-server-2',
      'gpu-server-3',
      'gpu-server-1',
    ]);
  });

  it('a burst spreads over the three, before any report', () => {
    const burst = fleet();
    const firsts = Array.from(
      { length: 9 },
      (_unused, at) => burst.start('llama3', { requestId: `r${at}` }).attempts[0]?.backend.id ?? '',
    );
    for (const host of new Set(firsts)) expect(firsts.filter((first) => first === host)).toHaveLength(3);
  });

  it('least-busy was asked for, so what is in memory does not count', () => {
    const warm = fleet();
    warm.load(warm.idOf('gpu-server-1'), { running: 1, loaded: loaded('llama3.1:8b') });
    expect(warm.tries('llama3')[2]).toContain('gpu-server-1');
  });

  it('sensitive data asked of llama3 never leaves, also when all three are down', () => {
    const dark = fleet();
    for (const host of ['gpu-server-1', 'gpu-server-2', 'gpu-server-3']) dark.pullThePlug(host);
    expect(dark.codeOf('llama3')).toBe('no_healthy_backend');
  });

  it('smart tries the local host, 1 + 3 times, then the cloud; and goes there at once when the host is dead', () => {
    const plan = fleet().plan('smart');
    expect(plan.attempts.slice(0, 5).map((attempt) => `${attempt.kind} ${attempt.retry}`)).toEqual([
      'local 0',
      'local 1',
      'local 2',
      'local 3',
      'cloud 0',
    ]);
    const dark = fleet();
    dark.pullThePlug('localhost');
    expect(dark.tries('smart')).toEqual(['api.openai.com gpt-4o']);
  });

  it('a key for llama3 and mistral may use those and no others', () => {
    const key = { models: ['llama3', 'mistral'] };
    expect(fleet().codeOf('mistral', { key })).toBe('planned');
    expect(fleet().codeOf('gpt-4o', { key })).toBe('model_not_allowed');
  });
});
