/** Which traces are recorded: as OTEL_TRACES_SAMPLER says, but for two kinds of trace that belong to no request. */
import { SpanKind, TraceFlags, type Attributes, type Context, type Link } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import { probeAttribute } from './tracing.js';

export interface Sampling {
  /** OTEL_TRACES_SAMPLER. */
  readonly sampler: string;
  /** OTEL_TRACES_SAMPLER_ARG, where the sampler takes one. */
  readonly ratio: number;
  /** Share of probes that are traced, 0 to 1. */
  readonly probeRatio: number;
}

/** Samplers of the OpenTelemetry specification; null for a name that is none of them. */
export function namedSampler(name: string, ratio: number): Sampler | null {
  switch (name) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    default:
      return null;
  }
}

/** The sampler of a service; an unknown name counts as the default, `parentbased_always_on`. */
export function samplerOf(sampling: Sampling): Sampler {
  const requests = namedSampler(sampling.sampler, sampling.ratio) ?? new AlwaysOnSampler();
  return new GatewaySampler(requests, new TraceIdRatioBasedSampler(sampling.probeRatio));
}

class GatewaySampler implements Sampler {
  constructor(
    private readonly requests: Sampler,
    private readonly probes: Sampler,
  ) {}

  shouldSample(parent: Context, traceId: string, name: string, kind: SpanKind, attributes: Attributes, links: Link[]) {
    if (attributes[probeAttribute] === true)
      return this.probes.shouldSample(parent, traceId, name, kind, attributes, links);
    // The posting of usage is a trace of its own, and worth having exactly when a request that it posts is.
    if (kind === SpanKind.CONSUMER && links.length > 0) {
      const isWanted = links.some((link) => (link.context.traceFlags & TraceFlags.SAMPLED) !== 0);
      return { decision: isWanted ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD };
    }
    return this.requests.shouldSample(parent, traceId, name, kind, attributes, links);
  }

  toString(): string {
    return `GatewaySampler{${this.requests.toString()}}`;
  }
}
