/** Whole chat completions. */
import type { EncoderOptions } from './answer-encoder.js';
import type { FinishReason } from '../neutral/stream-event.js';
import { shownFinish, type AnswerBlock, type CollectedAnswer, type CollectedChoice } from './collect-answer.js';
import { annotationsOfBlocks } from './text-sources.js';
import { openAiUsage } from './usage.js';

type CallBlock = Extract<AnswerBlock, { kind: 'tool' }>;

/** The body of a chat completion that was not streamed. */
export function chatAnswer(answer: CollectedAnswer, options: EncoderOptions): object {
  return {
    id: options.id,
    object: 'chat.completion',
    created: options.created,
    model: options.model,
    choices: answer.choices.map((choice, index) => writeChoice(choice, index, isLegacy(options))),
    ...(answer.usage === null ? {} : { usage: openAiUsage(answer.usage) }),
  };
}

/** Whether the client knows calls only by their retired form. */
export function isLegacy(options: EncoderOptions): boolean {
  return options.settings?.legacyFunctions === true;
}

/** The reason as the client's form of calls has it. */
export function finishWord(reason: FinishReason, legacy: boolean): string {
  return legacy && reason === 'tool_calls' ? 'function_call' : reason;
}

function writeChoice(choice: CollectedChoice, index: number, legacy: boolean): object {
  const calls = choice.blocks.filter((block) => block.kind === 'tool');
  const logprobs = choice.blocks.flatMap((block) => (block.kind === 'text' ? block.logprobs : []));
  return {
    index,
    message: writeMessage(choice, calls, legacy),
    logprobs: logprobs.length === 0 ? null : { content: logprobs, refusal: null },
    finish_reason: finishWord(shownFinish(choice.finish, calls.length > 0), legacy),
  };
}

function writeMessage(choice: CollectedChoice, calls: readonly CallBlock[], legacy: boolean): object {
  const text = joined(choice, 'text');
  const refusal = joined(choice, 'refusal');
  const annotations = [...choice.annotations, ...annotationsOfBlocks(choice.blocks)];
  const silent = text === '' && (calls.length > 0 || refusal !== '');
  return {
    role: 'assistant',
    content: silent ? null : text,
    refusal: refusal === '' ? null : refusal,
    ...writeReasoning(choice),
    ...writeCalls(calls, legacy),
    ...(annotations.length === 0 ? {} : { annotations }),
  };
}

/** The retired form has room for one call. */
function writeCalls(calls: readonly CallBlock[], legacy: boolean): object {
  const [first] = calls;
  if (first === undefined) return {};
  if (legacy) return { function_call: writeFunction(first) };
  return { tool_calls: calls.map((call) => ({ id: call.id, type: 'function', function: writeFunction(call) })) };
}

function writeFunction(call: CallBlock): object {
  return { name: call.name, arguments: call.arguments === '' ? '{}' : call.arguments };
}

/** Thinking as text, and as blocks that can be sent back where the upstream signed it (LiteLLM's and OpenRouter's names). */
function writeReasoning(choice: CollectedChoice): object {
  const blocks = choice.blocks.filter((block) => block.kind === 'reasoning');
  const text = blocks.map((block) => block.text).join('');
  const signed = blocks.filter((block) => block.signature !== null || block.redacted !== null);
  const details = blocks.flatMap((block) => block.details);
  return {
    ...(text === '' ? {} : { reasoning_content: text }),
    ...(signed.length === 0 ? {} : { thinking_blocks: signed.map(writeThinkingBlock) }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
}

function writeThinkingBlock(block: Extract<AnswerBlock, { kind: 'reasoning' }>): object {
  return block.redacted === null
    ? { type: 'thinking', thinking: block.text, signature: block.signature ?? '' }
    : { type: 'redacted_thinking', data: block.redacted };
}

/** The text of all blocks of a kind. */
export function joined(choice: CollectedChoice, kind: 'text' | 'refusal'): string {
  return choice.blocks.map((block) => (block.kind === kind ? block.text : '')).join('');
}
