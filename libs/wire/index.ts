/** Wire formats: neutral requests and events, the dialects of clients and upstreams, SSE and NDJSON. Pure. */
export {
  ChatRequest,
  ChatMessage,
  ContentPart,
  ToolCall,
  Tool,
  ToolChoice,
  ResponseFormat,
  Reasoning,
  ReasoningBlock,
  CompletionRequest,
  EmbeddingRequest,
  RawRequest,
} from './neutral/chat-request.js';
export { isContent } from './neutral/stream-event.js';
export type {
  StreamEvent,
  TokenLogprob,
  FinishReason,
  UpstreamUsage,
  UpstreamFailure,
  EmbeddingResult,
} from './neutral/stream-event.js';

// Upstream half: decoders of bytes, and the dialects of Ollama, OpenAI-compatible clouds and Anthropic.
export { WireFormatError, type LineOptions } from './line-reader.js';
export { SseDecoder, type SseEvent } from './sse.js';
export { NdjsonDecoder } from './ndjson.js';
export type { DecoderOptions, UpstreamDecoder } from './upstream/decoder.js';
export type { WriteOptions, WrittenRequest } from './upstream/written-request.js';
export type { EmbeddingAnswer } from './upstream/embedding-answer.js';
export type { UpstreamHeaders } from './upstream/retry-after.js';
export { retryAfterOf } from './upstream/retry-after.js';
export { upstreamFailure, type FailureFields } from './upstream/failure.js';
export { scrubUpstreamText } from './upstream/scrub.js';
export { withSystemPrompt, type SystemPrompt } from './upstream/system-prompt.js';
export { withChatDefaults, withCompletionDefaults, withoutParams } from './upstream/default-params.js';
export {
  writeOllamaChat,
  writeOllamaGenerate,
  writeOllamaEmbed,
  writeOllamaLoad,
  type OllamaWriteOptions,
} from './ollama/request.js';
export {
  OllamaChatDecoder,
  OllamaGenerateDecoder,
  readOllamaChatAnswer,
  readOllamaGenerateAnswer,
  type OllamaDecoderOptions,
} from './ollama/answer.js';
export { readOllamaEmbedding } from './ollama/embed-answer.js';
export { readOllamaError } from './ollama/error.js';
