import { describe, expect, it } from 'vitest';
import type { AnswerShelf } from './answer-shelf.js';
import { GuardedShelf } from './guarded-shelf.client.js';

function shelfOf(get: AnswerShelf['get']): AnswerShelf & { stopped: boolean } {
  return {
    stopped: false,
    get,
    put: () => Promise.resolve(true),
    stop() {
      this.stopped = true;
      return Promise.resolve();
    },
  };
}

function guarded(get: AnswerShelf['get']) {
  const told: string[] = [];
  const clock = { now: 0 };
  const shelf = shelfOf(get);
  const events = { away: () => told.push('away'), back: () => told.push('back') };
  return { told, clock, shelf, guard: new GuardedShelf(shelf, events, () => clock.now) };
}

const nothing = () => Promise.resolve(null);
const refused = () => Promise.reject(new Error('refused'));

describe('a shelf that fails', () => {
  it('is left alone for five seconds, and told of once', async () => {
    let get: AnswerShelf['get'] = refused;
    let asks = 0;
    const { guard, told, clock } = guarded((key) => {
      asks += 1;
      return get(key);
    });
    const ask = () => guard.ask((shelf) => shelf.get('k'));
    expect([await ask(), await ask(), asks]).toEqual([undefined, undefined, 1]);
    clock.now = 5_000;
    expect([await ask(), asks, told]).toEqual([undefined, 2, ['away']]);
    get = nothing;
    clock.now = 10_000;
    expect([await ask(), told]).toEqual([null, ['away', 'back']]);
  });

  it('is one that does not answer, too', async () => {
    const { guard, told } = guarded(() => new Promise(() => {}));
    expect(await guard.ask((shelf) => shelf.get('k'))).toBeUndefined();
    expect(told).toEqual(['away']);
  });
});

it('a shelf that is replaced answers those that asked it, and its end says nothing of the next one', async () => {
  let answer: (entry: null) => void = () => {};
  const before = guarded(() => new Promise((resolve) => (answer = resolve)));
  const after = guarded(nothing);
  const asking = before.guard.ask((shelf) => shelf.get('k'));
  const stopping = before.guard.stop();
  expect(before.shelf.stopped).toBe(false);
  expect(await after.guard.ask((shelf) => shelf.get('k'))).toBeNull();
  answer(null);
  await stopping;
  expect([await asking, before.shelf.stopped, before.told, after.told]).toEqual([null, true, [], []]);
});
