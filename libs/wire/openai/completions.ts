/** POST /v1/completions (legacy): a client's body as a neutral request. */
import type { CompletionRequest } from '../neutral/chat-request.js';
import { BodyProblem, bodyLimits, missing, present, wrongType, type Fields, type ParsedBody } from './fields.js';
import { parseBody } from './parse-body.js';
import { readGatewayFields, type GatewayFields } from './gateway-fields.js';
import { readExtra, readSampling, readStreaming, unless } from './sampling.js';

export interface CompletionBody {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly request: CompletionRequest;
  readonly gateway: GatewayFields;
}

export type TextInput = string | number[];

const passedOn = ['service_tier', 'prompt_cache_key', 'safety_identifier', 'models', 'provider', 'transforms', 'route'];

/** A legacy-completions body, or why it is refused. OpenAI's default of 16 tokens is left to the upstream. */
export function parseCompletionBody(body: unknown): ParsedBody<CompletionBody> {
  return parseBody(body, (fields) => {
    const model = fields.requiredString('model');
    const gateway = readGatewayFields(fields, model);
    const request: CompletionRequest = present({
      prompts: readInputs(fields, 'prompt'),
      suffix: unless('', fields.string('suffix')),
      echo: unless(false, fields.boolean('echo')),
      logprobs: readLogprobCount(fields),
      bestOf: unless(1, fields.integer('best_of', 1, bodyLimits.choices)),
      ...readSampling(fields),
      extra: readExtra(fields, passedOn),
    });
    return { model, ...readStreaming(fields), request, gateway };
  });
}

/** A count here, a boolean in chat completions; `false` is what clients of the latter mean by none. */
function readLogprobCount(fields: Fields): number | undefined {
  return fields.raw('logprobs') === false ? undefined : fields.integer('logprobs', 0, 5);
}

/** A string, a list of strings, a list of tokens, or a list of those: always as a list. Throws for an empty one. */
export function readInputs(fields: Fields, name: string): TextInput[] {
  const value = fields.raw(name);
  const path = fields.pathOf(name);
  if (value === undefined) throw missing(path);
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw wrongType(path, 'one of a string or an array', value);
  if (value.length === 0) {
    throw new BodyProblem(
      `Invalid '${path}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
      path,
    );
  }
  if (typeof value[0] === 'number') return [readTokens(value, path)];
  return (fields.array(name, bodyLimits.inputs) ?? []).map((item: unknown, index) => {
    if (typeof item === 'string') return item;
    if (Array.isArray(item)) return readTokens(item, `${path}[${index}]`);
    throw wrongType(`${path}[${index}]`, 'one of a string or an array of tokens', item);
  });
}

function readTokens(tokens: readonly unknown[], path: string): number[] {
  return tokens.map((token, index) => {
    if (typeof token === 'number' && Number.isSafeInteger(token) && token >= 0) return token;
    throw wrongType(`${path}[${index}]`, 'a token (an integer)', token);
  });
}
