/** Tools that Anthropic's servers or models bring along, as its clients and LiteLLM's write them. */
import type { Native } from '../neutral/chat-request.js';
import { wrongValue, type Fields } from './fields.js';

const dated = /^[a-z][a-z_]*_\d{8}$/u;

/** Whether a tool's type is one of Anthropic's own: a name and a date, such as `web_search_20250305`. */
export function isNativeTool(tool: Fields): boolean {
  const type = tool.raw('type');
  return typeof type === 'string' && dated.test(type);
}

/** The tool as it came: its type says what it is, upstream knows the rest. */
export function readNativeTool(tool: Fields): Native {
  const type = tool.requiredString('type');
  if (!isNativeTool(tool))
    throw wrongValue(tool.pathOf('type'), type, ['custom', 'web_search_20250305', 'bash_20250124']);
  tool.requiredString('name');
  return tool.source;
}
