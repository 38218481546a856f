/** POST /v1/embeddings: a client's body as a neutral request, and the vectors as OpenAI's answer. */
import type { EmbeddingRequest } from '../neutral/chat-request.js';
import type { EmbeddingResult } from '../neutral/stream-event.js';
import { readInputs } from './completions.js';
import { BodyProblem, present, type Fields, type ParsedBody } from './fields.js';
import { parseBody } from './parse-body.js';
import { readGatewayFields, type GatewayFields } from './gateway-fields.js';
import { readExtra, unless } from './sampling.js';

export interface EmbeddingBody {
  readonly model: string;
  readonly request: EmbeddingRequest;
  readonly gateway: GatewayFields;
}

const passedOn = ['input_type', 'provider', 'truncate', 'keep_alive', 'options'];

/** An embeddings body, or why it is refused. `encodingFormat` is 'float' where the client says nothing, as at OpenAI. */
export function parseEmbeddingBody(body: unknown): ParsedBody<EmbeddingBody> {
  return parseBody(body, (fields) => {
    const model = fields.requiredString('model');
    const gateway = readGatewayFields(fields, model);
    const request: EmbeddingRequest = present({
      inputs: readEmbeddingInputs(fields),
      dimensions: fields.integer('dimensions', 1),
      encodingFormat: fields.choice('encoding_format', ['float', 'base64']) ?? 'float',
      user: unless('', fields.string('user')),
      extra: readExtra(fields, passedOn),
    });
    return { model, request, gateway };
  });
}

function readEmbeddingInputs(fields: Fields): EmbeddingRequest['inputs'] {
  const inputs = readInputs(fields, 'input');
  const empty = inputs.findIndex((input) => input.length === 0);
  if (empty < 0) return inputs;
  const param = Array.isArray(fields.raw('input')) ? `input[${empty}]` : 'input';
  throw new BodyProblem(`Invalid '${param}': input cannot be an empty string.`, param);
}

/** An embeddings answer as JSON text. `model` is the name that the client asked for. */
export function embeddingAnswer(
  result: EmbeddingResult,
  options: { readonly model: string; readonly encodingFormat: 'float' | 'base64' },
): string {
  const { inputTokens } = result.usage;
  return JSON.stringify({
    object: 'list',
    data: result.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: options.encodingFormat === 'base64' ? floatsToBase64(vector) : vector,
    })),
    model: options.model,
    usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
  });
}

/** Base64 of little-endian 32-bit floats: what the SDKs ask for and decode by themselves. */
export function floatsToBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
