/** Prompts that do not fit: the larger deployment, the fallbacks, the cut, the refusal. */
import { describe, expect, it } from 'vitest';
import { FleetUnderTest, type SnapshotSpec } from './route.fixtures.js';

describe('prompts that are too long', () => {
  const sized = (routing: SnapshotSpec['routing'] = {}): SnapshotSpec => ({
    deployments: [
      { modelName: 'm', host: 'small', id: 's', maxInputTokens: 1_000, order: 1 },
      { modelName: 'm', host: 'large', id: 'l', maxInputTokens: 8_000, order: 2 },
      { modelName: 'huge', host: 'cloud', id: 'h', kind: 'cloud', maxInputTokens: 100_000 },
      { modelName: 'backup', host: 'backup', id: 'b', maxInputTokens: 2_000 },
    ],
    routing,
  });

  it('go to the larger deployment of the group', () => {
    expect(new FleetUnderTest(sized()).hosts('m', { inputTokens: 4_000 })).toEqual(['large']);
  });

  it('fit to the last token', () => {
    const fleet = new FleetUnderTest(sized());
    expect(fleet.hosts('m', { inputTokens: 1_000 })).toEqual(['small', 'large']);
    expect(fleet.hosts('m', { inputTokens: 1_001 })).toEqual(['large']);
  });

  it('are refused with both counts where nothing holds them', () => {
    const error = new FleetUnderTest(sized()).failure('m', { inputTokens: 9_000 });
    expect(error.code).toBe('context_length_exceeded');
    expect(error.message).toMatch(/8000 tokens.*9000 tokens/);
  });

  it('go to context_window_fallbacks before that', () => {
    const fleet = new FleetUnderTest(sized({ contextWindowFallbacks: { m: ['huge'] } }));
    const [first] = fleet.plan('m', { inputTokens: 9_000 }).attempts;
    expect(first).toMatchObject({ modelGroup: 'huge', onlyAfter: 'any', fallbackFrom: 'm' });
  });

  it("and keep those for the upstream's refusal where they seem to fit", () => {
    const fleet = new FleetUnderTest(sized({ contextWindowFallbacks: { m: ['huge'] } }));
    const typed = fleet.plan('m', { inputTokens: 500 }).attempts.filter((one) => one.onlyAfter !== 'any');
    expect(typed).toHaveLength(1);
    expect(typed[0]).toMatchObject({ modelGroup: 'huge', onlyAfter: 'context_length_exceeded' });
    const other = fleet.plan('m', { inputTokens: 4_000 }).attempts.find((one) => one.modelGroup === 'huge');
    expect(other?.onlyAfter).toBe('context_length_exceeded');
  });

  it('are cut with context_overflow: truncate, after the fallbacks that fit, with room for the answer', () => {
    const fleet = new FleetUnderTest(sized({ contextOverflow: 'truncate', fallbacks: { m: ['huge', 'backup'] } }));
    const tries = fleet
      .plan('m', { inputTokens: 9_000, maxOutputTokens: 300 })
      .attempts.filter((one) => one.retry === 0);
    expect(tries.map((one) => [one.backend.id, one.truncateToTokens])).toEqual([
      ['cloud', null],
      ['small', 700],
      ['large', 7_700],
    ]);
  });

  it('are cut to the whole limit at a cloud, whose limit is that of the prompt alone', () => {
    const fleet = new FleetUnderTest(sized({ contextOverflow: 'truncate' }));
    expect(fleet.plan('huge', { inputTokens: 200_000 }).attempts[0]?.truncateToTokens).toBe(100_000);
  });

  it('are not cut where they fit', () => {
    const fleet = new FleetUnderTest(sized({ contextOverflow: 'truncate' }));
    expect(fleet.plan('m', { inputTokens: 900 }).attempts.every((one) => one.truncateToTokens === null)).toBe(true);
  });
});

describe('a local model whose config says no size', () => {
  const spec: SnapshotSpec = { deployments: [{ modelName: 'm', host: 'house', id: 'h', upstreamModel: 'm:1b' }] };
  const listed = (contextLength: number | null) => [
    { name: 'm:1b', sizeBytes: null, capabilities: null, contextLength },
  ];

  it('holds what its host says of it', () => {
    const fleet = new FleetUnderTest(spec);
    fleet.health('house', { installed: listed(16_384) });
    expect(fleet.hosts('m', { inputTokens: 16_384 })).toEqual(['house']);
    expect(fleet.failure('m', { inputTokens: 16_385 }).message).toMatch(/16384 tokens.*16385 tokens/);
  });

  it.each([null, 0])('takes anything while the host says %j', (contextLength) => {
    const fleet = new FleetUnderTest(spec);
    fleet.health('house', { installed: listed(contextLength) });
    expect(fleet.plan('m', { inputTokens: 900_000 }).attempts[0]?.maxInputTokens).toBeNull();
  });

  it('shares the context with which it is loaded', () => {
    const fleet = new FleetUnderTest(spec);
    fleet.health('house', { installed: listed(131_072) });
    expect(fleet.plan('m').attempts[0]?.maxInputTokens).toBe(131_072);
    const inMemory = { name: 'm:1b', sizeBytes: 8e9, vramBytes: 8e9, contextLength: 8_192, expiresAt: null };
    fleet.load('house', { loaded: [inMemory] });
    expect(fleet.plan('m', { inputTokens: 20_000 }).attempts[0]?.maxInputTokens).toBe(8_192);
  });
});
