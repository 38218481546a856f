import { describe, expect, it } from 'vitest';
import { BackendId } from '#contracts';
import {
  afterNoWorker,
  afterOutcome,
  afterProbe,
  healthMessage,
  isNews,
  unknownBackend,
  type Judgement,
  type ProbeResult,
} from './judgement.js';
import { nextProbeMs } from './probe-schedule.js';

const id = BackendId.parse('gpu-1');
const good: ProbeResult = { reachable: true, reason: null, latencyMs: 3, version: '0.32', installed: [], loaded: [] };
const bad: ProbeResult = { ...good, reachable: false, reason: 'The backend could not be reached (ECONNREFUSED).' };

type Step = 'good' | 'bad' | 'ok' | 'refused' | 'slow-failure' | 'no-worker';

function after(steps: readonly Step[]): Judgement {
  let judgement = unknownBackend(id, 0);
  for (const [index, step] of steps.entries()) {
    const now = (index + 1) * 1_000;
    if (step === 'good') judgement = afterProbe(judgement, good, now);
    else if (step === 'bad') judgement = afterProbe(judgement, bad, now);
    else if (step === 'no-worker') judgement = afterNoWorker(judgement, now);
    else judgement = afterOutcome(judgement, { ok: step === 'ok', unreachable: step === 'refused' }, now);
  }
  return judgement;
}

describe('a backend', () => {
  it.each<[string, Step[], Judgement['state']]>([
    ['is unknown before anybody looked', [], 'unknown'],
    ['is healthy after a good probe', ['good'], 'healthy'],
    ['is out after a lost probe', ['good', 'bad'], 'unhealthy'],
    ['that answers requests survives one lost probe', ['good', 'ok', 'bad'], 'degraded'],
    ['that answers requests does not survive two', ['good', 'ok', 'bad', 'bad'], 'unhealthy'],
    ['is out at the first refused connection', ['good', 'ok', 'refused'], 'unhealthy'],
    ['is not judged by failures of another kind', ['good', 'slow-failure', 'slow-failure', 'slow-failure'], 'healthy'],
    ['comes back with a good probe', ['good', 'refused', 'good'], 'healthy'],
    ['comes back with a request that succeeded', ['refused', 'ok'], 'healthy'],
    ['without a worker is out', ['good', 'no-worker'], 'unhealthy'],
    ['whose worker starts is given a moment', ['no-worker', 'no-worker', 'no-worker'], 'unknown'],
    ['without a worker for long is out', Array.from({ length: 6 }, () => 'no-worker'), 'unhealthy'],
  ])('%s', (_name, steps, state) => {
    expect(after(steps).state).toBe(state);
  });

  it('keeps what was found on it while it cannot be reached', () => {
    const probe = { ...good, installed: [{ name: 'm:latest', sizeBytes: 1, contextLength: null, capabilities: null }] };
    const judgement = afterProbe(afterProbe(unknownBackend(id, 0), probe, 1), bad, 2);
    expect(healthMessage(judgement)).toMatchObject({
      state: 'unhealthy',
      reason: bad.reason,
      installed: [{ name: 'm:latest' }],
    });
  });

  it('has changed its state since the change, not since the last probe', () => {
    expect(after(['good', 'good', 'good']).since).toBe(1_000);
  });

  it('is news when its state, models or reason change, not when only the time did', () => {
    const first = healthMessage(after(['good']));
    expect(isNews(null, first)).toBe(true);
    expect(isNews(first, healthMessage(after(['good', 'good'])))).toBe(false);
    expect(isNews(first, healthMessage(after(['good', 'bad'])))).toBe(true);
  });
});

describe('the next probe', () => {
  const facts = { intervalMs: 15_000, kind: 'local', random: 0.5 } as const;

  it('of a healthy host comes after the interval', () => {
    expect(nextProbeMs(after(['good']), facts)).toBe(15_000);
  });

  it('of a dead host comes sooner, and never later than the interval', () => {
    const steps: Step[] = ['good'];
    const waits = Array.from({ length: 8 }, () => nextProbeMs(after((steps.push('bad'), steps)), facts));
    expect(waits[0]).toBe(1_000);
    expect(Math.max(...waits)).toBe(15_000);
  });

  it('of a dead host comes every half minute, however long the interval is', () => {
    const dead = after(Array.from({ length: 20 }, () => 'bad' as const));
    expect(nextProbeMs(dead, { ...facts, intervalMs: 900_000 })).toBe(30_000);
  });

  it('of a cloud comes seldom', () => {
    expect(nextProbeMs(after(['good']), { ...facts, kind: 'cloud' })).toBe(60_000);
  });
});
