/**
 * Prompts and answers as attributes of the inference span, in the form of the GenAI conventions (JSON text). Only
 * for requests that ask for it: the ingress says so in the opening. Keys, passwords and mail addresses are taken out, bytes
 * of images and files are left out, and what is longer than 8 KiB is cut. Pure.
 */
import { createHash } from 'node:crypto';
import type { TraceContent } from '#contracts';
import { genAi } from '#telemetry';
import { scrubSecrets, type ChatMessage, type CollectedAnswer, type CollectedChoice, type ContentPart } from '#wire';
import type { NeutralRequest } from './neutral-request.js';

type Part = Readonly<Record<string, string>>;
interface Message {
  readonly role: string;
  readonly parts: readonly Part[];
  readonly finish_reason?: string;
}
type Attributes = Record<string, string>;

/** Longest attribute, bytes. */
const mostBytes = 8 * 1024;
/** Looked through for secrets beyond where a text is cut, so that half a key is never left. */
const margin = 512;
/** Fields of a part that hold what somebody wrote. */
const written: ReadonlySet<string> = new Set(['content', 'arguments', 'response']);

/** What the model is asked, as it goes upstream; empty for endpoints that are passed through. */
export function capturedInput(asked: NeutralRequest, mode: TraceContent): Attributes {
  const messages = messagesOf(asked);
  const system = messages.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts);
  const turns = messages.filter(({ role }) => role !== 'system');
  return {
    ...attribute(genAi.systemInstructions, fitted([{ role: 'system', parts: system }], mode)[0]?.parts ?? []),
    ...attribute(genAi.inputMessages, fitted(turns, mode)),
  };
}

/** What it answered, as far as it came. */
export function capturedOutput(answer: CollectedAnswer, mode: TraceContent): Attributes {
  const messages = answer.choices.map(answerMessage).filter(({ parts }) => parts.length > 0);
  return attribute(genAi.outputMessages, fitted(messages, mode));
}

function attribute(name: string, items: readonly unknown[]): Attributes {
  return items.length === 0 ? {} : { [name]: JSON.stringify(items) };
}

function messagesOf(asked: NeutralRequest): Message[] {
  switch (asked.kind) {
    case 'chat':
      return asked.request.messages.map(chatMessage);
    case 'completion':
      return asked.request.prompts.map(promptMessage);
    case 'embedding':
      return asked.request.inputs.map(promptMessage);
    case 'raw':
    case 'refused':
      return [];
  }
}

function promptMessage(prompt: string | readonly number[]): Message {
  const content = typeof prompt === 'string' ? prompt : `[${prompt.length} tokens]`;
  return { role: 'user', parts: [{ type: 'text', content }] };
}

function chatMessage(message: ChatMessage): Message {
  const { role } = message;
  if (role === 'tool') {
    const response = message.content.map((part) => (part.type === 'text' ? part.text : `[${part.type}]`)).join('\n');
    return { role, parts: [{ type: 'tool_call_response', id: message.toolCallId, response }] };
  }
  const parts = message.content.map(contentPart);
  if (role !== 'assistant') return { role, parts };
  const thoughts = (message.reasoning ?? []).map(({ text }) => ({ type: 'reasoning', content: text }));
  const calls = message.toolCalls.map(({ id, name, arguments: args }) => toolCall(id, name, args));
  return { role, parts: [...thoughts, ...parts, ...calls] };
}

/** Of images, sounds and files only that they are there. */
function contentPart(part: ContentPart): Part {
  switch (part.type) {
    case 'text':
      return { type: 'text', content: part.text };
    case 'image':
      return part.source.kind === 'url'
        ? { type: 'uri', modality: 'image' }
        : { type: 'blob', modality: 'image', mime_type: part.source.mediaType };
    case 'audio':
      return { type: 'blob', modality: 'audio', mime_type: `audio/${part.format}` };
    case 'file':
      return { type: 'file', modality: 'document' };
  }
}

function answerMessage({ blocks, finish }: CollectedChoice): Message {
  const parts = blocks.map((block): Part => {
    if (block.kind === 'tool') return toolCall(block.id, block.name, block.arguments);
    if (block.kind === 'native') return { type: String(block.block['type']) };
    return { type: block.kind === 'reasoning' ? 'reasoning' : 'text', content: block.text };
  });
  return { role: 'assistant', parts, ...(finish === null ? {} : { finish_reason: finish }) };
}

const toolCall = (id: string, name: string, args: string): Part => ({ type: 'tool_call', id, name, arguments: args });

/** The latest messages that fit, in their order; the first of them may be cut. */
function fitted(messages: readonly Message[], mode: TraceContent): Message[] {
  const kept: Message[] = [];
  let left = mostBytes - 2;
  for (const message of messages.toReversed()) {
    const shown = shownMessage(message, mode, left);
    const bytes = Buffer.byteLength(JSON.stringify(shown)) + 1;
    if (shown.parts.length === 0 || bytes > left) break;
    kept.push(shown);
    left -= bytes;
  }
  return kept.toReversed();
}

function shownMessage(message: Message, mode: TraceContent, bytes: number): Message {
  for (let most = bytes; most > 0; most = Math.floor(most / 2)) {
    const parts = message.parts.map((part) => shownPart(part, mode, most));
    const shown = { ...message, parts };
    if (Buffer.byteLength(JSON.stringify(shown)) < bytes) return shown;
  }
  return { ...message, parts: [] };
}

function shownPart(part: Part, mode: TraceContent, most: number): Part {
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [name, written.has(name) ? shownText(value, mode, most) : value]),
  );
}

function shownText(text: string, mode: TraceContent, most: number): string {
  if (mode === 'hash') return `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const scrubbed = scrubSecrets(text.slice(0, most + margin));
  return scrubbed.length <= most && text.length <= most + margin
    ? scrubbed
    : `${scrubbed.slice(0, Math.max(0, most - 1)).toWellFormed()}…`;
}
