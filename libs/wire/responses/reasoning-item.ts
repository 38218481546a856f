/**
 * Thinking in the Responses API. Upstreams that sign their thinking (Anthropic) want it back unchanged on the next tool
 * turn; clients of this API send back `encrypted_content` untouched, so the signature travels there, marked as ours.
 */
import type { ReasoningBlock } from '../neutral/chat-request.js';
import type { AnswerBlock } from '../openai/collect-answer.js';
import { bodyLimits, present, type Fields } from '../openai/fields.js';

const signatureMark = 'signature:';
const redactedMark = 'redacted:';

type Thinking = Extract<AnswerBlock, { kind: 'reasoning' }>;

/** What a block's `encrypted_content` is; null where there is nothing to keep. */
export function sealReasoning(block: Thinking): string | null {
  if (block.redacted !== null) return redactedMark + block.redacted;
  return block.signature === null ? null : signatureMark + block.signature;
}

/** A reasoning item that a client sent back. Content that some other service encrypted is of no use here: dropped. */
export function openReasoning(item: Fields): ReasoningBlock[] {
  const sealed = item.raw('encrypted_content');
  const seal = typeof sealed === 'string' ? sealed : '';
  const text = [...texts(item, 'summary'), ...texts(item, 'content')].join('\n');
  if (seal.startsWith(redactedMark)) return [{ text: '', redacted: seal.slice(redactedMark.length) }];
  const signature = seal.startsWith(signatureMark) ? seal.slice(signatureMark.length) : undefined;
  return text === '' && signature === undefined ? [] : [present({ text, signature })];
}

function texts(item: Fields, name: string): string[] {
  return (item.objects(name, bodyLimits.parts) ?? []).map((part) => part.string('text') ?? '');
}
