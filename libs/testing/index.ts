/** What tests are made with: real servers, fake upstreams, the whole suite. */
export { startNats } from './nats-server.js';
export { startPostgres } from './postgres.js';
export type { TestDatabase } from './postgres.js';
export type { TestServer, TestServerOptions } from './test-server.js';
export { OllamaUpstream } from './upstream/ollama-upstream.js';
export type { OllamaUpstreamOptions } from './upstream/ollama-upstream.js';
export type { OllamaModel } from './upstream/ollama-models.js';
export { ollamaRefusal } from './upstream/ollama-request.js';
export { OpenAiUpstream } from './upstream/openai-upstream.js';
export type { OpenAiUpstreamOptions } from './upstream/openai-upstream.js';
export { openAiRefusal, openAiRefusals, openRouterRefusal } from './upstream/openai-request.js';
export { AnthropicUpstream, anthropicRefusal, anthropicRefusals } from './upstream/anthropic-upstream.js';
export { FakeServer } from './upstream/fake-server.js';
export type { Exchange, LoggedRequest } from './upstream/fake-server.js';
export { usualText } from './upstream/behaviour.js';
export type { Behaviour, Cut, FakeToolCall, Refusal } from './upstream/behaviour.js';
