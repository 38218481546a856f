/** What a request's trace shows of its attempts: a span for each, the hop to its worker, and what became of the whole. */
import type { Span } from '@opentelemetry/api';
import { inferSubjects, isFaultCode, type Attempt, type StreamFailure } from '#contracts';
import { busAttributes, markFailed, runInSpan, SpanKind, startSpan } from '#telemetry';
import type { WorkerFrame } from './attempt-loop.js';
import type { AttemptState } from './attempt-run.client.js';
import type { BudgetWarning } from '../access/reservation.js';
import type { CompletionJob, RunningRequest } from './completion-runner.client.js';

/** Opens a worker's stream; below a sampled request with a span for the attempt and one for the hop, open until its last frame. */
export function openTraced(
  attempt: Attempt,
  index: number,
  before: Attempt | null,
  open: () => AsyncIterable<WorkerFrame>,
): AsyncIterable<WorkerFrame> {
  const span = startSpan('gateway.attempt', { attributes: attemptAttributes(attempt, index, before) });
  if (!span.isRecording()) return open();
  const subject = inferSubjects[attempt.kind];
  const hop = runInSpan(span, () =>
    startSpan(`request ${subject}`, {
      kind: SpanKind.CLIENT,
      attributes: busAttributes('request', subject),
    }),
  );
  return traced(runInSpan(hop, open), [hop, span]);
}

async function* traced(frames: AsyncIterable<WorkerFrame>, spans: readonly Span[]): AsyncGenerator<WorkerFrame> {
  try {
    for await (const frame of frames) {
      if (frame.type === 'error') for (const span of spans) markFailed(span, frame.failure.code);
      yield frame;
    }
  } finally {
    for (const span of spans) span.end();
  }
}

function attemptAttributes(attempt: Attempt, index: number, before: Attempt | null) {
  const isFallback = before !== null && before.modelGroup !== attempt.modelGroup;
  return {
    'gateway.attempt.number': index + 1,
    'gateway.backend': attempt.backend.id,
    'gateway.provider': attempt.backend.provider,
    'gateway.deployment.id': attempt.deploymentId,
    'gateway.model.served': attempt.modelGroup,
    'gateway.route.why': attempt.why,
    ...(isFallback ? { 'gateway.fallback.from': before.modelGroup } : {}),
  };
}

/** The move to another attempt, as an event of the request. */
export function traceMove(span: Span, from: Attempt | null, to: Attempt, after: StreamFailure): void {
  if (!span.isRecording()) return;
  const isFallback = from !== null && from.modelGroup !== to.modelGroup;
  span.addEvent(isFallback ? 'gateway.fallback' : 'gateway.retry', {
    'gateway.fallback.from': from?.modelGroup ?? '',
    'gateway.fallback.to': to.modelGroup,
    'gateway.backend': to.backend.id,
    'gateway.reason': after.code,
  });
}

/** Writes what became of the request on its span: enough to find it without opening its children. */
export function traceEnding(running: RunningRequest, states: readonly AttemptState[], outcome: string): void {
  const { job } = running;
  const { span } = job.scope;
  if (!span.isRecording()) return;
  const last = states.at(-1);
  const usage = last?.usage?.usage;
  const groups = states.map(({ attempt }) => attempt.modelGroup);
  const costNanoUsd = states.reduce((sum, state) => sum + (state.usage?.costNanoUsd ?? 0), 0);
  span.setAttributes({
    ...askedAttributes(job),
    'gateway.model.served': last?.attempt.modelGroup ?? '',
    'gateway.backend': last?.attempt.backend.id ?? '',
    'gateway.provider': last?.attempt.backend.provider ?? '',
    'gateway.outcome': outcome,
    'gateway.attempt.count': states.length,
    'gateway.fallback.count': groups.filter((group, at) => at > 0 && group !== groups[at - 1]).length,
    'gateway.cost_usd': costNanoUsd / 1e9,
    'gateway.tokens.input': usage?.inputTokens ?? 0,
    'gateway.tokens.output': usage?.outputTokens ?? 0,
    'gateway.tokens.cached': usage?.cachedInputTokens ?? 0,
    'gateway.tokens.reasoning': usage?.reasoningTokens ?? 0,
  });
  if (outcome === 'client_disconnected') span.addEvent('gateway.client_disconnect');
  else if (outcome !== 'success' && isFaultCode(outcome)) markFailed(span, outcome);
  else if (outcome !== 'success') span.setAttribute('error.type', outcome);
}

/** Writes on the span of a request that was refused who asked for what; the error filter adds why. */
export function traceRefusal(job: CompletionJob): void {
  if (job.scope.span.isRecording()) job.scope.span.setAttributes(askedAttributes(job));
}

/** Says which budgets of an admitted request are nearly used up. */
export function traceBudgets(span: Span, warnings: readonly BudgetWarning[]): void {
  for (const { owner, unit, usedRatio } of warnings)
    span.addEvent('gateway.budget.warning', {
      'gateway.budget.scope': owner,
      'gateway.budget.unit': unit,
      'gateway.budget.used_ratio': usedRatio,
    });
}

function askedAttributes({ model, stream, key }: CompletionJob) {
  return {
    'gateway.model.requested': model,
    'gateway.key.id': key.id,
    ...(key.teamId === null ? {} : { 'gateway.team': key.teamId }),
    'gateway.stream': stream,
  };
}
