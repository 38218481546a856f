/** Anthropic's `tool_choice` over the offered tools. */
import type { ChatRequest, Native, Tool, ToolChoice } from '../neutral/chat-request.js';
import { BodyProblem, present, wrongValue, type Fields } from '../openai/fields.js';
import type { ToolSettings } from '../openai/tools.js';

/** Tools, choice and `disable_parallel_tool_use`. A choice that needs tools and has none is refused. */
export function readToolChoice(
  fields: Fields,
  tools: readonly Tool[],
  nativeTools: readonly Native[],
): ToolSettings & Pick<ChatRequest, 'nativeTools'> {
  const choice = fields.object('tool_choice');
  const type = choice?.requiredChoice('type', ['auto', 'any', 'tool', 'none']);
  const names = [...tools, ...nativeTools].map(({ name }) => String(name));
  if (names.length === 0) {
    if (type === undefined || type === 'auto' || type === 'none') return {};
    throw new BodyProblem(
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
      'tool_choice',
    );
  }
  const serial = choice?.boolean('disable_parallel_tool_use') === true;
  return present({
    tools: tools.length === 0 ? undefined : [...tools],
    nativeTools: nativeTools.length === 0 ? undefined : [...nativeTools],
    toolChoice: type === undefined || choice === undefined ? undefined : neutralChoice(type, choice, names),
    parallelToolCalls: serial ? false : undefined,
  });
}

function neutralChoice(type: 'auto' | 'any' | 'tool' | 'none', choice: Fields, names: readonly string[]): ToolChoice {
  if (type === 'any') return 'required';
  if (type !== 'tool') return type;
  const name = choice.requiredString('name');
  if (!names.includes(name)) throw wrongValue(choice.pathOf('name'), name, names.slice(0, 20));
  return { name };
}
