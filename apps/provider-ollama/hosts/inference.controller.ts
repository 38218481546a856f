/** One attempt on one host: through its queue, to its engine, and back. */
import type { StreamSender } from '#bus';
import type { InferOpen, StreamFailure } from '#contracts';
import { withSpan, type Metrics } from '#telemetry';
import {
  AnswerTimers,
  refuseAttempt,
  serveAttempt,
  type AttemptTools,
  type CallParts,
  type PreparedParts,
} from '#upstream';
import type { UpstreamFailure } from '#wire';
import type { Engine, EngineView } from '../engines/engine.js';
import { ObservedDecoder, type AnswerFigures } from '../engines/observed-decoder.js';
import { boundedDecoder } from '../engines/ollama-call.js';
import { askEarlierPrompts, continuedDecoder } from '../engines/several-prompts.client.js';
import { expectedWaitMs } from '../queue/forecast.js';
import { residentKey } from '../queue/resident-key.js';
import type { Admission, Ticket } from './admission.controller.js';
import { cancelledFailure, drainedFailure, overloaded } from './queue-failure.js';

export interface InferenceParts {
  readonly engine: Engine;
  readonly admission: Admission;
  readonly tools: AttemptTools;
  readonly metrics: Metrics;
  readonly view: () => EngineView;
  /** A model has just been loaded: what is in memory has changed. */
  readonly onLoaded: () => void;
}

/** Loading that an engine reports beneath this is only looking the model up. */
const realLoadMs = 500;

/** Serves an opening to its end; the frames that end it are always sent. */
export async function serveInference(open: InferOpen, stream: StreamSender, parts: InferenceParts): Promise<void> {
  const { admission, engine, tools } = parts;
  const calls = prepareCalls(open, engine, parts.view());
  if (calls.kind === 'refused') return refuseAttempt(open, stream, calls.failure, tools);
  const ticket = await withSpan(
    'gateway.queue',
    { attributes: { 'gateway.backend': backendOf(open) } },
    async (span) => {
      const got = await admission.enter(queueRequest(open), (notice) => stream.queued(notice), stream.signal);
      span.setAttributes({
        'gateway.queue.outcome': got.kind,
        ...(got.kind === 'start' ? { 'gateway.queue.cold': got.cold } : {}),
      });
      return got;
    },
  );
  if (ticket.kind !== 'start') return stream.error(failureOf(ticket, admission));
  parts.metrics.observe('signalbox_queue_wait_seconds', { backend: backendOf(open) }, ticket.waitedMs / 1000);
  try {
    await run(open, stream, calls.parts, ticket, parts);
  } finally {
    admission.finish(open.attemptId);
  }
}

type Start = Extract<Ticket, { kind: 'start' }>;

async function run(
  open: InferOpen,
  stream: StreamSender,
  calls: readonly CallParts[],
  ticket: Start,
  parts: InferenceParts,
): Promise<void> {
  const { tools, admission } = parts;
  const startedAt = tools.now();
  const timers = timersOf(open);
  if (ticket.cold) parts.metrics.expect('signalbox_model_load_seconds', labelsOf(open));
  const isLoaded = () => {
    const displaced = admission.loaded(open.attemptId);
    if (displaced > 0) parts.metrics.count('signalbox_model_swaps_total', { backend: backendOf(open) });
    if (ticket.cold) parts.onLoaded();
  };
  const last = calls.at(-1);
  if (last === undefined) return;
  const earlier = await earlierAnswers(calls.slice(0, -1), open, stream, isLoaded);
  if (earlier.failure !== null) return refuseAttempt(open, stream, earlier.failure, tools, earlier.usage);
  const decoder = new ObservedDecoder(continuedDecoder(last.decoder, earlier), tools.now, isLoaded);
  const whole = open.stream ? decoder : boundedDecoder(decoder, open.attempt.timeoutMs, tools.now);
  // The next one need not wait until this one's usage is stored.
  const onAnswered = () => {
    admission.finish(open.attemptId);
    record(open, decoder.figures, { startedAt, endedAt: tools.now(), cold: ticket.cold }, parts);
  };
  const call = { ...last, decoder: whole, timers, loading: ticket.cold, queuedMs: ticket.waitedMs, onAnswered };
  await serveAttempt(open, stream, call, tools);
}

async function earlierAnswers(
  calls: readonly CallParts[],
  open: InferOpen,
  stream: StreamSender,
  onAnswer: () => void,
) {
  if (calls.length === 0) return { events: [], usage: null, failure: null };
  const { loadTimeoutMs, timeoutMs } = open.attempt;
  const limit = AbortSignal.timeout(loadTimeoutMs + timeoutMs * calls.length);
  const answers = await askEarlierPrompts(calls, AbortSignal.any([stream.signal, limit]));
  if (answers.failure === null) onAnswer();
  return answers;
}

function prepareCalls(
  open: InferOpen,
  engine: Engine,
  view: EngineView,
): { kind: 'calls'; parts: CallParts[] } | { kind: 'refused'; failure: UpstreamFailure } {
  const prepared: CallParts[] = [];
  for (let index = 0; index < engine.callsOf(open); index += 1) {
    const call: PreparedParts = engine.prepare(open, view, index);
    if (call.kind === 'refused') return call;
    prepared.push(call.parts);
  }
  return { kind: 'calls', parts: prepared };
}

/** What the queue orders by. Whoever waits no longer than its `timeout` for an answer does not wait longer for its turn. */
function queueRequest(open: InferOpen) {
  const { timeoutMs } = open.attempt;
  return {
    id: open.attemptId,
    model: residentKeyOf(open),
    priority: open.priority,
    maxWaitMs: Math.min(open.maxWaitMs ?? timeoutMs, timeoutMs, open.deadlineMs),
  };
}

/** The model with the options that the deployment pins, as the host has to hold it. */
export function residentKeyOf({ attempt }: Pick<InferOpen, 'attempt'>): string {
  const { options } = attempt.extraBody;
  const pinned = typeof options === 'object' && options !== null ? { ...options } : {};
  return residentKey(attempt.upstreamModel, { ...attempt.params, ...pinned });
}

function timersOf({ attempt }: InferOpen): AnswerTimers {
  return new AnswerTimers({
    loadMs: attempt.loadTimeoutMs,
    firstContentMs: attempt.firstTokenTimeoutMs,
    idleMs: attempt.timeoutMs,
  });
}

function failureOf(ticket: Exclude<Ticket, Start>, admission: Admission): StreamFailure {
  if (ticket.kind === 'cancelled') return cancelledFailure;
  if (ticket.kind === 'drained') return drainedFailure;
  return overloaded(ticket.kind, Math.max(1_000, Math.ceil(expectedWaitMs(admission.queue, performance.now()))));
}

/** Puts what was measured into the queue's estimates and into the metrics. */
function record(
  open: InferOpen,
  figures: AnswerFigures,
  times: { startedAt: number; endedAt: number; cold: boolean },
  { admission, metrics }: InferenceParts,
): void {
  if (!figures.ended || figures.firstBytesAt === null) return;
  const { estimates } = admission.queue;
  const model = residentKeyOf(open);
  const labels = labelsOf(open);
  const measuredMs = figures.loadMs ?? (times.cold ? figures.firstBytesAt - times.startedAt : 0);
  const loadMs = times.cold || measuredMs >= realLoadMs ? measuredMs : 0;
  if (loadMs > 0) {
    estimates.recordLoad(model, loadMs);
    metrics.expect('signalbox_model_load_seconds', labels);
    metrics.observe('signalbox_model_load_seconds', labels, loadMs / 1000);
  }
  estimates.recordService(model, Math.max(0, times.endedAt - times.startedAt - loadMs), figures.tokensPerSecond);
  if (figures.tokensPerSecond !== null) {
    metrics.observe('signalbox_output_tokens_per_second', labels, figures.tokensPerSecond);
  }
}

function labelsOf(open: InferOpen): { backend: string; model: string } {
  return { backend: backendOf(open), model: open.attempt.upstreamModel };
}

function backendOf(open: InferOpen): string {
  return open.attempt.backend.id;
}
