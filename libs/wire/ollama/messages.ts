/** Neutral messages as Ollama's: content is one string, images are bare base64, arguments are objects. */
import type { ChatMessage, ContentPart, Tool, ToolChoice } from '../neutral/chat-request.js';
import { joinedText, toolNamesById } from '../upstream/content.js';
import { upstreamFailure } from '../upstream/failure.js';
import { argumentsObject } from '../upstream/loose-json.js';
import type { WriteNotes } from '../upstream/written-request.js';

type JsonObject = Record<string, unknown>;

/** `messages` of /api/chat. What Ollama cannot take (URLs, audio, files) is refused in `notes`. */
export function writeMessages(messages: readonly ChatMessage[], notes: WriteNotes): JsonObject[] {
  const names = toolNamesById(messages);
  return messages.map((message) => writeMessage(message, names, notes));
}

function writeMessage(message: ChatMessage, names: ReadonlyMap<string, string>, notes: WriteNotes): JsonObject {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: joinedText(message.content) };
    case 'user':
      return { role: 'user', content: joinedText(message.content), ...writeImages(message.content, notes) };
    case 'assistant':
      return writeAssistant(message);
    case 'tool': {
      const name = message.toolName ?? names.get(message.toolCallId);
      return {
        role: 'tool',
        content: joinedText(message.content),
        // Older templates use the name, newer ones the id.
        ...(name === undefined ? {} : { tool_name: name }),
        tool_call_id: message.toolCallId,
        ...writeImages(message.content, notes),
      };
    }
  }
}

function writeAssistant(message: Extract<ChatMessage, { role: 'assistant' }>): JsonObject {
  const thinking = (message.reasoning ?? []).map((block) => block.text).join('');
  const content = joinedText(message.content);
  return {
    role: 'assistant',
    content: content.length === 0 && message.refusal !== undefined ? message.refusal : content,
    ...(thinking.length === 0 ? {} : { thinking }),
    ...(message.toolCalls.length === 0
      ? {}
      : {
          tool_calls: message.toolCalls.map((call, index) => ({
            id: call.id,
            function: { index, name: call.name, arguments: argumentsObject(call.arguments) },
          })),
        }),
  };
}

function writeImages(parts: readonly ContentPart[], notes: WriteNotes): { images?: string[] } {
  const images: string[] = [];
  for (const part of parts) {
    if (part.type === 'image' && part.source.kind === 'base64') images.push(part.source.data);
    else if (part.type === 'image')
      refuse(notes, 'Images by URL cannot be sent to Ollama; send the image as a data: URL.');
    else if (part.type !== 'text') refuse(notes, `Content of type '${part.type}' cannot be sent to Ollama.`);
  }
  return images.length === 0 ? {} : { images };
}

function refuse(notes: WriteNotes, message: string): void {
  notes.refuse(upstreamFailure({ code: 'unsupported_parameter', status: null, message, param: 'messages' }));
}

/**
 * `tools`. Ollama has no tool_choice: `none` sends no tools, a named tool is sent alone, `required` cannot be expressed.
 * The last two are noted as dropped, since the model may still answer with text.
 */
export function writeTools(
  tools: readonly Tool[] | undefined,
  choice: ToolChoice | undefined,
  notes: WriteNotes,
): { tools?: JsonObject[] } {
  if (tools === undefined || tools.length === 0 || choice === 'none') return {};
  if (choice !== undefined && choice !== 'auto') notes.drop('tool_choice');
  const offered = typeof choice === 'object' ? tools.filter((tool) => tool.name === choice.name) : tools;
  return {
    tools: offered.map((tool) => ({
      type: 'function',
      function: {
        name: tool.name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        parameters: tool.parameters ?? { type: 'object', properties: {} },
      },
    })),
  };
}
