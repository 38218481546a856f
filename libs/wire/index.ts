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
