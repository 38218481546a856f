/** POST /v1/responses: a client's body as a neutral request. What needs a store on the server is refused by name. */
import type { ChatRequest, ResponseFormat, Tool } from '../neutral/chat-request.js';
import type { ChatBody } from '../openai/chat.js';
import {
  bodyLimits,
  present,
  unsupported,
  wrongValue,
  type Fields,
  type JsonObject,
  type ParsedBody,
} from '../openai/fields.js';
import { parseBody } from '../openai/parse-body.js';
import { readGatewayFields } from '../openai/gateway-fields.js';
import { readReasoning } from '../openai/reasoning.js';
import { readExtra, readSampling, readTokenLimit, unless } from '../openai/sampling.js';
import { chooseTools, readJsonSchema } from '../openai/tools.js';
import { readEcho } from './echo.js';
import { readInput } from './items.js';
import { readResponsesTools } from './tools.js';

const passedOn = [
  'service_tier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'safety_identifier',
  'models',
  'provider',
];

/** A Responses body, or why it is refused. `store` is ignored: nothing is stored, and nothing is lost by that. */
export function parseResponsesBody(body: unknown): ParsedBody<ChatBody> {
  return parseBody(body, (fields) => {
    refuseStored(fields);
    const model = fields.requiredString('model');
    const gateway = readGatewayFields(fields, model);
    const stream = fields.boolean('stream') ?? false;
    const { tools, forms } = readResponsesTools(fields);
    const request = readRequest(fields, tools);
    const calls = Object.keys(forms).length === 0 ? undefined : forms;
    const answerSettings = present({ response: readEcho(fields), calls });
    return { model, stream, includeUsage: true, request, gateway, answerSettings };
  });
}

function refuseStored(fields: Fields): void {
  const why = 'needs responses that are stored on the server, and this gateway stores none. Send the whole input.';
  for (const name of ['previous_response_id', 'conversation', 'prompt']) {
    if (fields.raw(name) !== undefined) throw unsupported(name, why);
  }
  if (fields.boolean('background') === true) throw unsupported('background', why);
}

function readRequest(fields: Fields, tools: readonly Tool[]): ChatRequest {
  const { maxTokens, ...sampling } = readSampling(fields);
  return present({
    messages: readInput(fields),
    ...chooseTools(fields, 'tool_choice', tools),
    responseFormat: readTextFormat(fields.object('text')),
    reasoning: readReasoning(fields),
    ...readLogprobs(fields),
    ...sampling,
    maxTokens: readTokenLimit(fields, 'max_output_tokens') ?? maxTokens,
    extra: readResponsesExtra(fields),
  });
}

function readTextFormat(text: Fields | undefined): ResponseFormat | undefined {
  const format = text?.object('format');
  if (format === undefined) return undefined;
  const type = format.requiredChoice('type', ['text', 'json_object', 'json_schema']);
  if (type === 'json_schema') return readJsonSchema(format);
  return type === 'text' ? undefined : { type };
}

/** Logprobs are asked for by an entry of `include`; its other entries say what comes anyway or cannot be had. */
function readLogprobs(fields: Fields): { logprobs?: boolean; topLogprobs?: number } {
  const asked = fields.strings('include', bodyLimits.names)?.includes('message.output_text.logprobs') ?? false;
  const topLogprobs = unless(0, fields.integer('top_logprobs', 0, 20));
  return asked || topLogprobs !== undefined ? present({ logprobs: true, topLogprobs }) : {};
}

function readResponsesExtra(fields: Fields): JsonObject | undefined {
  const extra = readExtra(fields, passedOn) ?? {};
  if (extra['service_tier'] === 'auto') delete extra['service_tier'];
  const verbosity = fields.object('text')?.choice('verbosity', ['low', 'medium', 'high']);
  if (verbosity !== undefined) extra['verbosity'] = verbosity;
  const truncation = fields.string('truncation');
  if (truncation !== undefined && truncation !== 'auto' && truncation !== 'disabled') {
    throw wrongValue('truncation', truncation, ['auto', 'disabled']);
  }
  return Object.keys(extra).length === 0 ? undefined : extra;
}
