import { describe, expect, it } from 'vitest';
import { PlanQuery } from '#contracts';
import type { RawRequest } from '#wire';
import { factsOf } from './request-facts.js';

const json = (path: string, body: Record<string, unknown>): RawRequest => ({ path, json: body, form: null });

describe('the facts of a request that is passed through', () => {
  it.each([
    [json('rerank', { query: 'x', documents: ['y'] }), { searches: 1 }],
    [json('moderations', { input: '' }), {}],
    [json('audio/speech', { input: 'Hello' }), { characters: 5 }],
    [json('images/generations', { prompt: 'x', n: 2 }), { images: 2 }],
    [{ path: 'audio/transcriptions', json: null, form: [] }, { seconds: 0 }],
  ])('%#: are what the router takes, with the units to reserve', (request, units) => {
    const facts = factsOf({ kind: 'raw', request });
    expect(facts.units).toMatchObject(units);
    const asked = PlanQuery.pick({ inputTokens: true, maxOutputTokens: true, needs: true });
    expect(asked.safeParse(facts).success).toBe(true);
  });
});
