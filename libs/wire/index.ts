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
  FormPart,
} from './neutral/chat-request.js';
export type { BilledUnits } from './neutral/chat-request.js';
export { isContent } from './neutral/stream-event.js';
export { truncateTurns, type TruncatedChat } from './neutral/truncate-turns.js';
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
export { scrubSecrets, scrubUpstreamText } from './upstream/scrub.js';
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
export {
  writeOpenAiChat,
  writeOpenAiCompletion,
  writeOpenAiEmbedding,
  type OpenAiWriteOptions,
} from './upstream-openai/request.js';
export { flavourOfProvider, type OpenAiFlavourName } from './upstream-openai/flavour.js';
export {
  OpenAiChatDecoder,
  OpenAiCompletionDecoder,
  readOpenAiChatAnswer,
  readOpenAiCompletionAnswer,
  type OpenAiDecoderOptions,
} from './upstream-openai/answer.js';
export { readOpenAiEmbedding } from './upstream-openai/embedding-answer.js';
export { readOpenAiError } from './upstream-openai/error.js';
export { readOpenRouterModels, type OfferedModel } from './upstream-openai/openrouter-models.js';
export { writeAnthropicCompletion } from './upstream-anthropic/completion.js';
export { writeAnthropicMessages, type AnthropicWriteOptions } from './upstream-anthropic/request.js';
export { AnthropicDecoder, readAnthropicAnswer, type AnthropicDecoderOptions } from './upstream-anthropic/answer.js';
export { readAnthropicError } from './upstream-anthropic/error.js';

// What clients say and hear: bodies parsed into neutral requests, answers and errors encoded, tokens estimated.
export { bodyLimits } from './openai/fields.js';
export type { ParsedBody, InvalidBody } from './openai/fields.js';
export type { GatewayFields, CacheControls, StagedFailure } from './openai/gateway-fields.js';
export { parseChatBody } from './openai/chat.js';
export type { ChatBody } from './openai/chat.js';
export { parseCompletionBody } from './openai/completions.js';
export type { CompletionBody } from './openai/completions.js';
export { parseEmbeddingBody, embeddingAnswer, floatsToBase64 } from './openai/embeddings.js';
export type { EmbeddingBody } from './openai/embeddings.js';
export { passthroughEndpoints, type PassthroughEndpoint } from './passthrough/endpoints.js';
export { parsePassthroughJson, parsePassthroughForm } from './passthrough/request.js';
export { passthroughSize, countedUnits } from './passthrough/size.js';
export { PassthroughDecoder } from './passthrough/answer.js';
export { isWholeType, isEventStreamType } from './passthrough/content-type.js';
export { parseResponsesBody } from './responses/request.js';
export { parseMessagesBody, parseCountTokensBody } from './anthropic/messages.js';
export type { MessagesHeaders } from './anthropic/messages.js';
export { openAiErrorBody } from './openai/error.js';
export type { ClientError, OpenAiErrorBody } from './openai/error.js';
export { anthropicErrorBody } from './anthropic/error.js';
export type { AnthropicErrorBody } from './anthropic/error.js';
export { answerId } from './openai/answer-encoder.js';
export type { AnswerDialect, AnswerEncoder, EncoderOptions } from './openai/answer-encoder.js';
export { AnswerSettings } from './openai/answer-settings.js';
export { createEncoder, encodeWhole } from './openai/create-encoder.js';
export { AnswerCollector, collectAnswer } from './openai/collect-answer.js';
export type { AnswerBlock, CollectedAnswer, CollectedChoice } from './openai/collect-answer.js';
export { replayAnswer } from './openai/replay-answer.js';
export { StoredAnswer, storedAnswer, collectedAnswer } from './openai/stored-answer.js';
export { modelList, modelObject, modelInfoList, modelGroupList } from './openai/models.js';
export type { ListedModel, ListedCapabilities, ModelInfo, ModelGroup } from './openai/models.js';
export { anthropicModelList, anthropicModelObject } from './anthropic/models.js';
export { estimateTokens } from './tokens/estimate.js';
export {
  estimateChatTokens,
  boundChatTokens,
  estimateInputTokens,
  boundInputTokens,
  imageTokens,
} from './tokens/request-tokens.js';
