/** Content parts as the upstream dialects need them. */
import type { ChatMessage, ContentPart, ToolCall } from '../neutral/chat-request.js';

/** The text parts, one under the other. */
export function joinedText(parts: readonly ContentPart[]): string {
  let joined: string | null = null;
  for (const part of parts) {
    if (part.type === 'text') joined = joined === null ? part.text : `${joined}\n${part.text}`;
  }
  return joined ?? '';
}

/** Names of the tools by the id of their call, from the assistant messages: tool results may come without a name. */
export function toolNamesById(messages: readonly ChatMessage[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const message of messages) {
    if (message.role === 'assistant') for (const call of message.toolCalls) names.set(call.id, call.name);
  }
  return names;
}

/** Argument text that is valid where no arguments were given. */
export function argumentsOrEmpty(call: ToolCall): string {
  return call.arguments.trim().length === 0 ? '{}' : call.arguments;
}

/** Splits `data:application/pdf;base64,AAAA`; bare base64 gets the media type that its name suggests. */
export function splitDataUrl(data: string, filename?: string): { mediaType: string; data: string } {
  const match = /^data:([^;,]*)(?:;[^,]*)?,/iu.exec(data);
  if (match !== null) return { mediaType: match[1] || 'application/octet-stream', data: data.slice(match[0].length) };
  const isText = filename !== undefined && /\.(?:txt|md|csv|json)$/iu.test(filename);
  return { mediaType: isText ? 'text/plain' : 'application/pdf', data };
}
