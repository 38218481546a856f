/**
 * A body of an endpoint that is passed through, JSON or a form. What the gateway itself reads (model, fallbacks, tags ...)
 * is taken out; every other field goes upstream as it came, because engines have fields of their own here
 * (docs/decisions/005-passed-through-fields.md).
 */
import type { FormPart, RawRequest } from '../neutral/chat-request.js';
import { gatewayFieldNames, readGatewayFields, type GatewayFields } from '../openai/gateway-fields.js';
import { BodyProblem, missing, wrongType, type Fields, type JsonObject, type ParsedBody } from '../openai/fields.js';
import { parseBody } from '../openai/parse-body.js';
import { parseJson } from '../upstream/loose-json.js';
import type { PassthroughEndpoint } from './endpoints.js';

/** A request as the gateway understands it. `model` is null where the client left it out, which OpenAI's API allows for some. */
export interface PassthroughBody {
  readonly model: string | null;
  /** Whether the client asked for server-sent events. */
  readonly stream: boolean;
  readonly request: RawRequest;
  readonly gateway: GatewayFields;
}

const maxFormParts = 500;

/** A JSON body, or why it is refused. */
export function parsePassthroughJson(body: unknown, endpoint: PassthroughEndpoint): ParsedBody<PassthroughBody> {
  return parseBody(body, (fields) => {
    if (!endpoint.json) {
      throw new BodyProblem(`Invalid request body: /v1/${endpoint.path} takes multipart/form-data with a file.`, null);
    }
    requireFields(fields, endpoint);
    const json = Object.fromEntries(
      Object.keys({ ...fields.record('extra_body'), ...fields.source }).flatMap((name) => {
        const value = fields.raw(name);
        return name === 'model' || gatewayFieldNames.has(name) || value === undefined ? [] : [[name, value]];
      }),
    );
    return bodyOf(fields, { path: endpoint.path, json, form: null });
  });
}

/** A form, or why it is refused. */
export function parsePassthroughForm(
  parts: readonly FormPart[],
  endpoint: PassthroughEndpoint,
): ParsedBody<PassthroughBody> {
  const own: JsonObject = {};
  for (const part of parts) if ('value' in part) own[part.name] = ownValue(part.name, part.value);
  return parseBody(own, (fields) => {
    if (parts.length > maxFormParts) {
      throw new BodyProblem(`Invalid request body: more than ${maxFormParts} parts in the form.`, null);
    }
    if (endpoint.file !== null && !parts.some((part) => 'base64' in part && baseName(part.name) === endpoint.file)) {
      throw missing(endpoint.file);
    }
    requireFields(fields, endpoint);
    const form = parts.filter(({ name }) => name !== 'model' && !gatewayFieldNames.has(name));
    return bodyOf(fields, { path: endpoint.path, json: null, form });
  });
}

/** `image[]` is `image`. */
function baseName(name: string): string {
  return name.replace(/\[\d*\]$/, '');
}

/** Forms know only text: numbers, lists and switches of the gateway's own fields are written as JSON. */
function ownValue(name: string, text: string): unknown {
  return gatewayFieldNames.has(name) ? (parseJson(text) ?? text) : text;
}

function requireFields(fields: Fields, endpoint: PassthroughEndpoint): void {
  for (const name of endpoint.fields) {
    const value = fields.raw(name);
    if (value === undefined) throw missing(name);
    if (value === '' || (Array.isArray(value) && value.length === 0)) {
      throw new BodyProblem(`Invalid '${name}': it must not be empty.`, name);
    }
    if (typeof value !== 'string' && !Array.isArray(value)) throw wrongType(name, 'one of a string or array', value);
  }
}

function bodyOf(fields: Fields, request: RawRequest): PassthroughBody {
  const model = fields.string('model') ?? null;
  const stream = ['true', true].some((yes) => fields.raw('stream') === yes) || fields.raw('stream_format') === 'sse';
  return { model: model === '' ? null : model, stream, request, gateway: readGatewayFields(fields, model ?? '') };
}
