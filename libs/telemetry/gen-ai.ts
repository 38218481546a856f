/**
 * Names of the GenAI conventions, pinned to v1.41.0 (open-telemetry/semantic-conventions). They are a contract with users'
 * dashboards and the conventions go on renaming them, so they stand here, once, and come from no dependency.
 */

/** The conventions that span and attribute names follow; a newer one is a decision, not an update of a dependency. */
export const schemaUrl = 'https://opentelemetry.io/schemas/1.41.0';

export const genAi = {
  // What is asked of whom.
  operationName: 'gen_ai.operation.name',
  providerName: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  stream: 'gen_ai.request.stream',
  outputType: 'gen_ai.output.type',

  // The parameters that the client sent.
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  topK: 'gen_ai.request.top_k',
  seed: 'gen_ai.request.seed',
  frequencyPenalty: 'gen_ai.request.frequency_penalty',
  presencePenalty: 'gen_ai.request.presence_penalty',
  stopSequences: 'gen_ai.request.stop_sequences',
  choiceCount: 'gen_ai.request.choice.count',

  // The answer.
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',

  // What it used.
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheCreationTokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',

  // Of no convention; Langfuse and others read it, in USD.
  cost: 'gen_ai.usage.cost',

  // Content, where both config and key ask for it.
  systemInstructions: 'gen_ai.system_instructions',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
} as const;
