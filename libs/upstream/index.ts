/** What the workers share: the HTTP client of upstreams, and an attempt from its call to its usage event. */
export { callUpstream, UpstreamProblem } from './http.client.js';
export type { UpstreamRequest, UpstreamResponse } from './http.client.js';
export { AnswerTimers } from './answer-timers.js';
export { answerWriterFor } from './answer-writer.js';
export type { AnswerWriter } from './answer-writer.js';
export { inWorkerSpan } from './worker-span.js';
export { serveAttempt, refuseAttempt } from './serve-attempt.js';
export type { AttemptTools, PreparedCall } from './serve-attempt.js';
export { wholeDecoder, embeddingExchange } from './whole-decoder.js';
export { streamFailureOf } from './stream-failure.js';
export { costOfUsage, cloudEquivalentOf, type AttemptCost } from './cost.js';
export { UsageReporter } from './usage-reporter.client.js';
export type { Closing } from './usage-reporter.client.js';
export { prepareOpenAiCall, chatDialectOf } from './openai-call.js';
export type { CallAddress, CallParts, PreparedParts } from './openai-call.js';
export { neutralRequestOf, refusalOf, writeOptionsOf } from './neutral-request.js';
export type { NeutralRequest } from './neutral-request.js';
