import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ParallelPlaces, type Place, type PlaceRequest } from './parallel-places.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const usual: PlaceRequest = {
  deploymentId: 'd',
  priority: 'normal',
  limit: 1,
  maxLength: 3,
  maxWaitMs: 60_000,
  promoteAfterMs: 20_000,
};

/** Requests by name, in the order in which they got their place or were turned away. */
function fleetOf(places = new ParallelPlaces(() => Date.now())) {
  const log: string[] = [];
  const free = new Map<string, () => void>();
  const positions: Record<string, number[]> = {};
  const enter = async (name: string, more: Partial<PlaceRequest> = {}, signal = new AbortController().signal) => {
    const told = (positions[name] ??= []);
    const place: Place = await places.enter({ ...usual, ...more }, ({ position }) => told.push(position), signal);
    log.push(`${name} ${place.kind}`);
    if (place.kind === 'taken') free.set(name, place.free);
  };
  return {
    log,
    positions,
    enter,
    /** Twice, which must not count. */
    async free(name: string) {
      free.get(name)?.();
      free.get(name)?.();
      await vi.advanceTimersByTimeAsync(0);
    },
  };
}

describe('places of a deployment', () => {
  it('are given in the order of arrival, one for each that is given back', async () => {
    const fleet = fleetOf();
    for (const name of ['a', 'b', 'c']) void fleet.enter(name);
    await vi.advanceTimersByTimeAsync(0);
    expect(fleet.log).toEqual(['a taken']);
    expect(fleet.positions).toMatchObject({ b: [1], c: [2] });
    await fleet.free('a');
    expect(fleet.log).toEqual(['a taken', 'b taken']);
    await fleet.free('b');
    expect(fleet.log.at(-1)).toBe('c taken');
  });

  it('go to the higher class first, and before it to whoever has waited long', async () => {
    const fleet = fleetOf();
    await fleet.enter('running');
    void fleet.enter('batch', { priority: 'batch' });
    void fleet.enter('urgent', { priority: 'interactive' });
    await fleet.free('running');
    expect(fleet.log.at(-1)).toBe('urgent taken');
    void fleet.enter('urgent too', { priority: 'interactive' });
    await vi.advanceTimersByTimeAsync(20_000);
    await fleet.free('urgent');
    expect(fleet.log.at(-1)).toBe('batch taken');
  });

  it('are each deployment its own', async () => {
    const fleet = fleetOf();
    await fleet.enter('a');
    await fleet.enter('other', { deploymentId: 'e' });
    expect(fleet.log).toEqual(['a taken', 'other taken']);
  });

  it('are not waited for longer than the request may, nor by more than may wait', async () => {
    const fleet = fleetOf();
    await fleet.enter('a');
    await fleet.enter('at once', { maxWaitMs: 0 });
    for (const name of ['b', 'c', 'd']) void fleet.enter(name, { maxWaitMs: name === 'c' ? 1_000 : 60_000 });
    await fleet.enter('too many');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(fleet.log).toEqual(['a taken', 'at once expired', 'too many full', 'c expired']);
    await fleet.free('a');
    await fleet.free('b');
    expect(fleet.log.slice(4)).toEqual(['b taken', 'd taken']);
  });

  it('are not given to who has left', async () => {
    const fleet = fleetOf();
    const client = new AbortController();
    await fleet.enter('a');
    void fleet.enter('b', {}, client.signal);
    void fleet.enter('c');
    client.abort();
    await fleet.free('a');
    expect(fleet.log).toEqual(['a taken', 'b cancelled', 'c taken']);
  });

  it('become more with the config', async () => {
    const fleet = fleetOf();
    await fleet.enter('a');
    await fleet.enter('b', { limit: 2 });
    expect(fleet.log).toEqual(['a taken', 'b taken']);
  });
});
