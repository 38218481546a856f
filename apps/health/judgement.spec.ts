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

const silent: ProbeResult = { ...bad, reason: 'The backend did not answer in time.', timedOut: true };

type Step = 'good' | 'bad' | 'silent' | 'ok' | 'refused' | 'slow-failure' | 'no-worker';

function after(steps: readonly Step[]): Judgement {
  let judgement = unknownBackend(id, 0);
  for (const [index, step] of steps.entries()) {
    const now = (index + 1) * 1_000;
    if (step === 'good') judgement = afterProbe(judgement, good, now);
    else if (step === 'bad') judgement = afterProbe(judgement, bad, now);
    else if (step === 'silent') judgement = afterProbe(judgement, silent, now);
    else if (step === 'no-worker') judgement = afterNoWorker(judgement, now);
    else judgement = afterOutcome(judgement, { ok: step === 'ok', unreachable: step === 'refused' }, now);
  }
  return judgement;
}

const without = (probes: number): Step[] => Array.from({ length: probes }, () => 'no-worker');

describe('a backend', () => {
  it.each<[string, Step[], Judgement['state']]>([
    ['is unknown before anybody looked', [], 'unknown'],
    ['is healthy after a good probe', ['good'], 'healthy'],
    ['is out after a lost probe', ['good', 'bad'], 'unhealthy'],
    ['that answers requests survives one lost probe', ['good', 'ok', 'bad'], 'degraded'],
    ['that answers requests does not survive two', ['good', 'ok', 'bad', 'bad'], 'unhealthy'],
    ['that is silent once may be busy', ['good', 'silent'], 'degraded'],
    ['that is silent twice is out', ['good', 'silent', 'silent'], 'unhealthy'],
    ['that is silent and then refuses is out', ['good', 'silent', 'bad'], 'unhealthy'],
    ['that was silent is well with a good probe', ['good', 'silent', 'good'], 'healthy'],
    ['that was never well is out when it is silent', ['silent'], 'unhealthy'],
    ['that comes and goes has to answer twice', ['good', 'bad', 'good', 'bad', 'good'], 'unhealthy'],
    ['that comes and goes is back when it did', ['good', 'bad', 'good', 'bad', 'good', 'good'], 'healthy'],
    ['that comes and goes is back with a request that succeeded', ['bad', 'good', 'bad', 'ok'], 'healthy'],
    ['is out at the first refused connection', ['good', 'ok', 'refused'], 'unhealthy'],
    ['is not judged by failures of another kind', ['good', 'slow-failure', 'slow-failure', 'slow-failure'], 'healthy'],
    ['comes back with a good probe', ['good', 'refused', 'good'], 'healthy'],
    ['comes back with a request that succeeded', ['refused', 'ok'], 'healthy'],
    ['whose worker was just lost is in doubt', ['good', ...without(7)], 'degraded'],
    ['whose worker was lost for long is out', ['good', ...without(8)], 'unhealthy'],
    ['that was out and loses its worker stays out', ['bad', 'no-worker'], 'unhealthy'],
    ['whose worker starts is given a moment', without(19), 'unknown'],
    ['without a worker for long is out', without(20), 'unhealthy'],
  ])('%s', (_name, steps, state) => {
    expect(after(steps).state).toBe(state);
  });

  it('that comes and goes says so, and after a quiet minute is trusted again', () => {
    const flapping = after(['good', 'bad', 'good', 'bad', 'good']);
    expect(flapping.reason).toContain('1 of 2 probes');
    const back = afterProbe(flapping, good, 10_000);
    const later = afterProbe(afterProbe(back, bad, 100_000), good, 101_000);
    expect(later.state).toBe('healthy');
  });

  it('never has to answer more than four times', () => {
    let judgement = after(['good']);
    for (let round = 0; round < 10; round += 1) {
      judgement = afterProbe(judgement, bad, round * 100);
      for (let look = 0; look < 4; look += 1) judgement = afterProbe(judgement, good, round * 100 + look);
      expect(judgement.state).toBe('healthy');
    }
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
    const slow = healthMessage(afterProbe(after(['good']), { ...good, latencyMs: 400 }, 2_000));
    expect(isNews(first, slow)).toBe(true);
    expect(isNews(slow, { ...slow, probeLatencyMs: 420 })).toBe(false);
  });
});

describe('the next probe', () => {
  const facts = { intervalMs: 15_000, inBackground: true, kind: 'local', random: 0.5 } as const;

  it.each<[string, Step[], Partial<typeof facts> | object, number | null]>([
    ['of a host that nobody has seen comes at once', [], {}, 500],
    ['of a healthy host comes after the interval', ['good'], {}, 15_000],
    ['of a healthy cloud comes seldom', ['good'], { kind: 'cloud' }, 60_000],
    ['of a host in doubt comes soon', ['good', 'silent'], {}, 1_000],
    ['of a dead host comes soon', ['good', 'bad'], {}, 1_000],
    ['of one that comes back comes soon', ['good', 'bad', 'good', 'bad', 'good'], {}, 1_000],
    ['of a host long dead comes every half minute', ['good', ...Array(9).fill('bad')], { intervalMs: 900_000 }, 30_000],
    [
      'of a cloud long dead comes after a minute',
      ['good', ...Array(9).fill('bad')],
      { intervalMs: 900_000, kind: 'cloud' },
      60_000,
    ],
    ['is never later than the interval', ['good', ...Array(9).fill('bad')], { intervalMs: 3_000 }, 3_000],
    ['of a healthy host comes never without background checks', ['good'], { inBackground: false }, null],
    ['of a host without a worker comes every second', ['good', 'no-worker', 'no-worker', 'no-worker'], {}, 1_000],
    ['of a dead host comes without background checks too', ['good', 'bad'], { inBackground: false }, 1_000],
  ])('%s', (_name, steps, more, ms) => {
    expect(nextProbeMs(after(steps), { ...facts, ...more })).toBe(ms);
  });
});
