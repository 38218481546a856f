import { ROOT_CONTEXT, SpanKind, trace, TraceFlags, type Link } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { describe, expect, it } from 'vitest';
import { namedSampler, samplerOf } from './sampler.js';
import { probeAttribute } from './tracing.js';

const traceId = 'f'.repeat(32);
const linkTo = (traceFlags: number): Link => ({ context: { traceId, spanId: 'a'.repeat(16), traceFlags } });
const never = samplerOf({ sampler: 'parentbased_traceidratio', ratio: 0, probeRatio: 0 });
const recorded = (kind: SpanKind, attributes: object, links: Link[], sampler = never, parent = ROOT_CONTEXT) =>
  sampler.shouldSample(parent, traceId, 's', kind, { ...attributes }, links).decision ===
  SamplingDecision.RECORD_AND_SAMPLED;

describe('a request', () => {
  it.each([
    ['always_on', 0, true],
    ['always_off', 1, false],
    ['traceidratio', 0, false],
    ['traceidratio', 1, true],
    ['parentbased_always_on', 0, true],
    ['parentbased_always_off', 1, false],
    ['parentbased_traceidratio', 1, true],
    ['jaeger_remote', 0, true],
  ])('by %s with %d: %s', (sampler, ratio, expected) => {
    expect(recorded(SpanKind.SERVER, {}, [], samplerOf({ sampler, ratio, probeRatio: 0 }))).toBe(expected);
  });

  it('follows its caller where the sampler is parent based', () => {
    const caller = trace.setSpanContext(ROOT_CONTEXT, { ...linkTo(TraceFlags.SAMPLED).context, isRemote: true });
    expect(recorded(SpanKind.SERVER, {}, [], never, caller)).toBe(true);
  });

  it('that links its caller is judged by itself', () => {
    expect(recorded(SpanKind.SERVER, {}, [linkTo(TraceFlags.SAMPLED)])).toBe(false);
  });
});

it.each([
  ['one of its requests is', [linkTo(TraceFlags.NONE), linkTo(TraceFlags.SAMPLED)], true],
  ['none of its requests is', [linkTo(TraceFlags.NONE)], false],
])('the posting of usage is recorded when %s', (_when, links, expected) => {
  expect(recorded(SpanKind.CONSUMER, {}, links)).toBe(expected);
});

it('probes have a share of their own', () => {
  const probes = { [probeAttribute]: true };
  const sampler = samplerOf({ sampler: 'always_off', ratio: 0, probeRatio: 1 });
  expect(recorded(SpanKind.INTERNAL, probes, [], sampler)).toBe(true);
  expect(recorded(SpanKind.INTERNAL, probes, [])).toBe(false);
});

it('has no sampler for a name that is none', () => expect(namedSampler('nothing', 1)).toBeNull());
