/**
 * JSON that Anthropic promises only as the input of a tool: an object of any shape, and schemas on models that have no
 * `output_config.format`. The tool is offered beside the client's own, and what it is called with becomes the text.
 */
import type { ChatRequest, ResponseFormat } from '../neutral/chat-request.js';
import { recordOf } from '../upstream/loose-json.js';
import type { AnthropicModel } from './model.js';
import type { Thinking } from './thinking.js';

type JsonObject = Record<string, unknown>;

export interface JsonAnswer {
  /** The answer's name for the decoder: calls of it are the text of the answer. */
  readonly name: string;
  readonly tool: JsonObject;
  /** How the model is made to use it; null where a choice would be refused. */
  readonly choice: JsonObject | null;
}

const description =
  'Gives the final answer to the user. Call it exactly once, as soon as you know the answer; its input is the whole answer as JSON.';

/** `forced`: the client forces a tool of its own, whose input is the JSON. `impossible`: nothing makes the model give JSON. */
export type JsonPlan =
  | { readonly kind: 'plain' | 'format' | 'forced' | 'impossible' }
  | ({ readonly kind: 'tool' } & JsonAnswer);

/** How the answer that `response_format` asks for is had from this model. */
export function planJson(request: ChatRequest, model: AnthropicModel, thinking: Thinking): JsonPlan {
  const { responseFormat: format, toolChoice } = request;
  if (format === undefined) return { kind: 'plain' };
  if (format.type === 'json_schema' && model.structured) return { kind: 'format' };
  const hasTools = (request.tools?.length ?? 0) + (request.nativeTools?.length ?? 0) > 0;
  if (hasTools && (toolChoice === 'required' || typeof toolChoice === 'object')) return { kind: 'forced' };
  // A tool takes objects only, and while it thinks a model can neither be made to call one nor be kept from calling others.
  const mustChoose = !thinking.isOn && !model.alwaysThinks;
  if (format.type === 'json_schema' && format.schema['type'] !== 'object') return { kind: 'impossible' };
  if (!mustChoose && hasTools && toolChoice === 'none') return { kind: 'impossible' };
  const name = freeName(request);
  const mayCallOthers = hasTools && toolChoice !== 'none';
  const choice = { ...(mayCallOthers ? { type: 'any' } : { type: 'tool', name }), ...single(request) };
  return { kind: 'tool', name, tool: toolOf(name, format), choice: mustChoose ? choice : null };
}

function toolOf(name: string, format: ResponseFormat): JsonObject {
  if (format.type === 'json_object')
    return { name, description, input_schema: { type: 'object', additionalProperties: true } };
  const said = format.description === undefined ? description : `${description} ${format.description}`;
  return { name, description: said, input_schema: format.schema };
}

/** One answer is enough; clients may still want several of their own tools at once. */
function single(request: ChatRequest): JsonObject {
  const isAlone = (request.tools?.length ?? 0) === 0 || request.parallelToolCalls === false;
  return isAlone ? { disable_parallel_tool_use: true } : {};
}

function freeName(request: ChatRequest): string {
  const taken = new Set([
    ...(request.tools ?? []).map((tool) => tool.name),
    ...(request.nativeTools ?? []).map((tool) => recordOf(tool)['name']),
  ]);
  let name = 'json_answer';
  while (taken.has(name)) name += '_';
  return name;
}
