/** The client's side of an answer: events in, bytes of the client's dialect out, streamed or whole. */
import { GatewayError, isErrorCode, namingModel, type ErrorDetails, type InferOpen } from '#contracts';
import {
  AnswerCollector,
  answerId,
  createEncoder,
  encodeWhole,
  type AnswerDialect,
  type ClientError,
  type EncoderOptions,
  type StreamEvent,
  type UpstreamFailure,
} from '#wire';

export interface AnswerWriter {
  event(event: StreamEvent): Uint8Array | null;
  /** What ends the answer. */
  finish(): Uint8Array;
  /** The failure for a client that has seen content; null where nothing can be said any more (whole answers). */
  fail(failure: UpstreamFailure): Uint8Array | null;
}

/** A writer in the dialect that the request names. Embeddings and raw endpoints have writers of their own. */
export function answerWriterFor(open: InferOpen, dialect: AnswerDialect, createdSeconds: number): AnswerWriter {
  const options: EncoderOptions = {
    id: answerId(dialect, open.attemptId.replace(/[^A-Za-z0-9_-]/g, '-')),
    created: createdSeconds,
    model: open.model,
    includeUsage: open.includeUsage,
    inputTokens: open.inputTokens,
    ...(open.answerSettings === undefined ? {} : { settings: open.answerSettings }),
  };
  return open.stream ? streamedWriter(dialect, options, open) : wholeWriter(dialect, options);
}

function streamedWriter(dialect: AnswerDialect, options: EncoderOptions, open: InferOpen): AnswerWriter {
  const encoder = createEncoder(dialect, options);
  return {
    event: (event) => encoder.push(event),
    finish: () => encoder.finish(),
    fail: (failure) => encoder.fail({ ...clientErrorOf(failure, open.model), requestId: open.requestId }),
  };
}

function wholeWriter(dialect: AnswerDialect, options: EncoderOptions): AnswerWriter {
  const collector = new AnswerCollector();
  return {
    event: (event) => {
      collector.push(event);
      return null;
    },
    finish: () => encodeWhole(dialect, collector.answer(), options),
    fail: () => null,
  };
}

/** An upstream's failure in the public words of the error table, which name the model that the client asked for. */
export function clientErrorOf(failure: UpstreamFailure, model: string): ClientError {
  const error = namingModel(new GatewayError(failure.code, errorDetailsOf(failure)), model);
  return {
    message: error.message,
    type: error.entry.type,
    anthropicType: error.entry.anthropicType,
    param: failure.param ?? null,
    code: isErrorCode(failure.code) ? failure.code : 'upstream_error',
  };
}

/** What of an upstream's failure travels to the ingress. */
export function errorDetailsOf(failure: UpstreamFailure): ErrorDetails {
  return {
    message: failure.message,
    ...(failure.param === undefined ? {} : { param: failure.param }),
    ...(failure.status === null ? {} : { upstreamStatus: failure.status }),
    ...(failure.retryAfterMs === null ? {} : { retryAfterMs: failure.retryAfterMs }),
  };
}
