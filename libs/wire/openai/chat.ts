/** POST /v1/chat/completions: a client's body as a neutral request. Fields that no list here names are dropped. */
import type { ChatRequest } from '../neutral/chat-request.js';
import type { AnswerSettings } from './answer-settings.js';
import { BodyProblem, present, type Fields, type JsonObject, type ParsedBody } from './fields.js';
import { parseBody } from './parse-body.js';
import { readGatewayFields, type GatewayFields } from './gateway-fields.js';
import { readMessages } from './messages.js';
import { readReasoning, restOfOutputConfig } from './reasoning.js';
import { readExtra, readSampling, readStreaming, unless } from './sampling.js';
import { readResponseFormat, readToolSettings } from './tools.js';

/** A chat request in any client dialect, parsed. `model` is the name as the client wrote it. */
export interface ChatBody {
  readonly model: string;
  readonly stream: boolean;
  /** Whether the stream shall end with a usage chunk. */
  readonly includeUsage: boolean;
  readonly request: ChatRequest;
  readonly gateway: GatewayFields;
  /** Absent = nothing special. */
  readonly answerSettings?: AnswerSettings;
}

/** Fields that only some upstreams know, by their wire names; each upstream dialect picks those it knows. */
const passedOn = [
  'service_tier',
  'verbosity',
  'modalities',
  'audio',
  'prediction',
  'store',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'web_search_options',
  'moderation',
  'models',
  'provider',
  'plugins',
  'transforms',
  'route',
  'top_a',
  'thinking',
  'include_reasoning',
  'chat_template_kwargs',
];

/** A chat-completions body, or why it is refused. */
export function parseChatBody(body: unknown): ParsedBody<ChatBody> {
  return parseBody(body, (fields) => {
    const model = fields.requiredString('model');
    const gateway = readGatewayFields(fields, model);
    const legacy = fields.raw('tools') === undefined && fields.raw('functions') !== undefined;
    const answerSettings = legacy ? { legacyFunctions: true } : undefined;
    return present({ model, ...readStreaming(fields), request: readChatRequest(fields), gateway, answerSettings });
  });
}

function readChatRequest(fields: Fields): ChatRequest {
  return present({
    messages: readMessages(fields),
    ...readToolSettings(fields),
    responseFormat: readResponseFormat(fields),
    reasoning: readReasoning(fields),
    ...readLogprobs(fields),
    ...readSampling(fields),
    extra: readChatExtra(fields),
  });
}

function readLogprobs(fields: Fields): { logprobs?: boolean; topLogprobs?: number } {
  const logprobs = unless(false, fields.boolean('logprobs'));
  const topLogprobs = unless(0, fields.integer('top_logprobs', 0, 20));
  if (topLogprobs !== undefined && logprobs === undefined) {
    throw new BodyProblem(
      "Invalid value for 'top_logprobs': 'top_logprobs' is only allowed when 'logprobs' is enabled.",
      'top_logprobs',
    );
  }
  return present({ logprobs, topLogprobs });
}

function readChatExtra(fields: Fields): JsonObject | undefined {
  const extra: JsonObject = present({ ...readExtra(fields, passedOn), output_config: restOfOutputConfig(fields) });
  if (extra['service_tier'] === 'auto') delete extra['service_tier'];
  if (extra['store'] === false) delete extra['store'];
  if (isOnlyText(extra['modalities'])) delete extra['modalities'];
  // OpenRouter's `reasoning.exclude` is about the answer, not about how much to think; this is its older spelling.
  if (fields.object('reasoning')?.boolean('exclude') === true) extra['include_reasoning'] = false;
  // OpenAI takes metadata only for stored completions; else it is the gateway's, with tags and names of people in it.
  const metadata = fields.record('metadata');
  if (extra['store'] === true && metadata !== undefined) extra['metadata'] = metadata;
  return Object.keys(extra).length === 0 ? undefined : extra;
}

function isOnlyText(modalities: unknown): boolean {
  return Array.isArray(modalities) && modalities.length === 1 && modalities[0] === 'text';
}
