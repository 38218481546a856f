/** What only Anthropic takes, on its way to another upstream: noted, and left out. */
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.js';
import { upstreamFailure } from './failure.js';
import { textOf } from './loose-json.js';
import type { WriteNotes } from './written-request.js';

/** The request without Anthropic's own tools, each noted by its type. Content that has no other form is refused. */
export function withoutNative(request: ChatRequest, notes: WriteNotes): ChatRequest {
  for (const message of request.messages) noteContent(message, notes);
  const { nativeTools = [], toolChoice, ...rest } = request;
  if (nativeTools.length === 0) return request;
  for (const tool of nativeTools) notes.unsupported(textOf(tool['type']) ?? 'tools');
  const chosen = typeof toolChoice === 'object' ? toolChoice.name : null;
  const isGone = nativeTools.some((tool) => tool['name'] === chosen) || (request.tools ?? []).length === 0;
  return { ...rest, ...(isGone || toolChoice === undefined ? {} : { toolChoice }) };
}

function noteContent(message: ChatMessage, notes: WriteNotes): void {
  if (message.role === 'system') return;
  if (message.role === 'assistant') return notePastTools(message.native ?? [], notes);
  for (const part of message.content) {
    if (part.type === 'file' && part.data === undefined && part.fileId === undefined) {
      const text = 'A file that is given by an address or an id is taken by Anthropic only: send its content instead.';
      notes.refuse(upstreamFailure({ code: 'unsupported_parameter', status: null, message: text, param: 'messages' }));
    }
  }
}

/** Their results are encrypted: nobody else could read them. What was said about them stays. */
function notePastTools(blocks: NonNullable<Extract<ChatMessage, { role: 'assistant' }>['native']>, notes: WriteNotes) {
  for (const block of blocks) {
    const type = textOf(block['type']);
    if (type === 'server_tool_use' || type === 'mcp_tool_use') {
      notes.unsupported(`${type} (${textOf(block['name']) ?? 'without a name'})`);
    }
  }
}
