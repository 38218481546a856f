/**
 * One attempt at a worker, from the opened token stream to the stored usage event: the part that local and cloud workers
 * share. What differs (queue, address, dialect) comes in as a prepared call.
 */
import type { StreamSender } from '#bus';
import type { InferOpen } from '#contracts';
import { activeTraceparent, isRecording, markFailed, SpanKind, withSpan, type Metrics } from '#telemetry';
import type { StoredAnswer, UpstreamDecoder, UpstreamFailure, UpstreamHeaders, UpstreamUsage } from '#wire';
import { AnswerKeeper } from './answer-keeper.js';
import { AnswerPump } from './answer-pump.js';
import type { AnswerTimers } from './answer-timers.js';
import type { AnswerWriter } from './answer-writer.js';
import { accountFor } from './attempt-usage.js';
import { capturedInput, capturedOutput } from './captured-content.js';
import { ClientConventions } from './conventional-metrics.js';
import { finishAttributes, inferenceAttributes, inferenceName } from './inference-span.js';
import { callUpstream, type UpstreamRequest } from './http.client.js';
import { neutralRequestOf } from './neutral-request.js';
import { streamFailureOf } from './stream-failure.js';
import type { UsageReporter } from './usage-reporter.client.js';

/** Everything that is needed to ask an upstream once. */
export interface PreparedCall {
  readonly request: Omit<UpstreamRequest, 'signal'>;
  readonly decoder: UpstreamDecoder;
  readonly writer: AnswerWriter;
  readonly timers: AnswerTimers;
  /** Endpoints that are passed through: takes the answer's head and says what the client is told that the bytes are. */
  readonly answerType?: (headers: UpstreamHeaders) => string;
  readonly readError: (status: number, headers: UpstreamHeaders, body: string) => UpstreamFailure;
  /** The model is not in memory yet. */
  readonly loading: boolean;
  readonly queuedMs: number | null;
  /** Called once the upstream has nothing more to do for this attempt, before its usage is stored: its place is free. */
  readonly onAnswered?: () => void;
}

export interface AttemptTools {
  readonly usage: Pick<UsageReporter, 'open' | 'close'>;
  readonly metrics: Metrics;
  readonly savingsReference: () => string;
  /** Whether the metrics of the GenAI conventions are wanted. */
  readonly conventionalMetrics: () => boolean;
  readonly now: () => number;
}

const maxErrorBytes = 64 * 1024;

/** Serves the attempt; resolves when the stream has ended and the usage event is stored or spooled. */
export async function serveAttempt(
  open: InferOpen,
  stream: StreamSender,
  call: PreparedCall,
  tools: AttemptTools,
): Promise<void> {
  const startedAt = tools.now();
  stream.accepted({ loading: call.loading, waitedMs: call.queuedMs ?? 0 });
  const keeper = open.keepAnswer === true || open.traceContent !== undefined ? new AnswerKeeper(call.writer) : null;
  const conventions = tools.conventionalMetrics() ? new ClientConventions(tools.metrics, open) : null;
  const onGap = conventions === null ? {} : { onGap: (milliseconds: number) => conventions.chunk(milliseconds) };
  const pump = new AnswerPump({ ...call, ...onGap, writer: keeper ?? call.writer, stream, now: tools.now });
  await withSpan(
    inferenceName(open),
    { kind: SpanKind.CLIENT, attributes: isRecording() ? inferenceAttributes(open) : {} },
    async (span) => {
      // If both services die, the reaper closes what was announced.
      await tools.usage.open(open);
      await ask(pump, stream, inTrace(call, open));
      call.onAnswered?.();
      if (!span.isRecording()) return;
      span.setAttributes({ ...finishAttributes(open, pump.result, startedAt), ...contentOf(open, keeper) });
      const { failure } = pump.result;
      if (failure !== null) markFailed(span, failure.code);
    },
  );
  const { result } = pump;
  const times = { startedAt, endedAt: tools.now(), queuedMs: call.queuedMs };
  const account = accountFor(open, result, times, tools.savingsReference());
  conventions?.finished(result, account.close.usage, times);
  const { tokensPerSecond } = account.close;
  // Of local hosts their worker measures it itself, without the time that a load takes.
  if (open.attempt.kind === 'cloud' && tokensPerSecond !== null) {
    const labels = { backend: open.attempt.backend.id, model: open.attempt.upstreamModel };
    tools.metrics.observe('signalbox_output_tokens_per_second', labels, tokensPerSecond);
  }
  const alreadySent = result.content;
  pump.tellCounted(account.notice.usage);
  // The answer comes before its last bytes: who has read those can ask again and be answered from the cache.
  if (result.failure === null && !result.cancelled) stream.usage({ ...account.notice, ...keptBy(open, keeper) });
  await pump.finish();
  const outcome = result.cancelled ? 'client_disconnected' : result.failure === null ? 'success' : 'failure';
  const durable = await tools.usage.close(open, {
    ...account.close,
    outcome,
    errorCode: result.failure?.code ?? null,
  });
  stream.usage({ ...account.notice, durable });
  if (result.failure === null) await stream.end();
  else await stream.error(streamFailureOf(result.failure, alreadySent && open.stream));
}

/** Prompt and answer for the trace, where the opening asks for them. */
function contentOf(open: InferOpen, keeper: AnswerKeeper | null): Record<string, string> {
  const { traceContent } = open;
  if (traceContent === undefined) return {};
  const output = keeper === null ? {} : capturedOutput(keeper.collected(), traceContent);
  return { ...capturedInput(neutralRequestOf(open), traceContent), ...output };
}

function keptBy(open: InferOpen, keeper: AnswerKeeper | null): { answer?: StoredAnswer } {
  const answer = open.keepAnswer === true ? (keeper?.kept() ?? null) : null;
  return answer === null ? {} : { answer };
}

/**
 * Ends an attempt that was never sent upstream: the request cannot be expressed there, or something is missing. `usage`:
 * what a part of it used all the same.
 */
export async function refuseAttempt(
  open: InferOpen,
  stream: StreamSender,
  failure: UpstreamFailure,
  tools: AttemptTools,
  usage: UpstreamUsage | null = null,
): Promise<void> {
  const startedAt = tools.now();
  const cancelled = stream.signal.aborted;
  const answer = { ...nothing, failure, usage, cancelled };
  const account = accountFor(open, answer, { startedAt, endedAt: startedAt, queuedMs: null }, tools.savingsReference());
  const ending = cancelled
    ? ({ outcome: 'client_disconnected', errorCode: null } as const)
    : ({ outcome: 'failure', errorCode: failure.code } as const);
  const durable = await tools.usage.close(open, { ...account.close, ...ending });
  stream.usage({ ...account.notice, durable });
  await stream.error(streamFailureOf(failure, false));
}

const nothing = {
  asked: false,
  content: false,
  finishReason: null,
  upstreamModel: null,
  responseId: null,
  firstContentAt: null,
  lastContentAt: null,
  outputCharacters: 0,
  loadMs: null,
} as const;

/** Local engines may join the trace; a cloud never hears of it. */
function inTrace(call: PreparedCall, open: InferOpen): PreparedCall {
  const traceparent = open.attempt.kind === 'local' && isRecording() ? activeTraceparent() : null;
  if (traceparent === null) return call;
  return { ...call, request: { ...call.request, headers: { ...call.request.headers, traceparent } } };
}

async function ask(pump: AnswerPump, stream: StreamSender, call: PreparedCall): Promise<void> {
  const { timers } = call;
  if (stream.signal.aborted) return;
  pump.begin();
  timers.start(call.loading);
  try {
    const signal = AbortSignal.any([stream.signal, timers.signal]);
    const response = await callUpstream({ ...call.request, signal });
    if (response.status >= 200 && response.status < 300) {
      const contentType = call.answerType?.(response.headers);
      if (contentType !== undefined) stream.accepted({ loading: call.loading, waitedMs: 0, contentType });
      await pump.run(response.body);
      return;
    }
    const text = await response.text(maxErrorBytes);
    pump.refuse(call.readError(response.status, response.headers, text));
  } catch (error) {
    pump.fail(error);
  } finally {
    timers.stop();
  }
}
