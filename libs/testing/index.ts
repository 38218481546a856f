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
export { heardSeconds, readMediaBody, spokenBytes } from './upstream/openai-media.js';
export { usualText } from './upstream/behaviour.js';
export type { Behaviour, Cut, FakeToolCall, Refusal, Script } from './upstream/behaviour.js';
export { startSuite, spawnLauncher, suiteProcesses } from './start-suite.js';
export type { Suite, SuiteOptions, SuiteProcess } from './start-suite.js';
export { startExtraService, suiteServers } from './extra-service.js';
export type { ExtraName, ExtraService } from './extra-service.js';
export { storedMessages } from './durable-log.js';
export type { StoredMessage } from './durable-log.js';
export { TcpProxy } from './tcp-proxy.js';
export type { Direction, Toxics } from './tcp-proxy.js';
export { RedisServer } from './redis-server.js';
export type { RedisServerOptions } from './redis-server.js';
export { OtlpReceiver } from './otlp-receiver.js';
export type { ReceivedSpan } from './otlp-receiver.js';
export { FakeClock, seededRandom } from './clock.js';
export { growthOf, worseThanLinear } from './growth.js';
export { repositoryRoot } from './repository-root.js';
export {
  sampleAttempt,
  sampleBackend,
  sampleDeployment,
  sampleOpening,
  samplePayer,
  sampleRouting,
  sampleSnapshot,
} from './samples.js';
