/** Whole chat completions. */
import type { EncoderOptions } from './answer-encoder.js';
import { shownFinish, type AnswerBlock, type CollectedAnswer, type CollectedChoice } from './collect-answer.js';
import { openAiUsage } from './usage.js';

/** The body of a chat completion that was not streamed. */
export function chatAnswer(answer: CollectedAnswer, options: EncoderOptions): object {
  return {
    id: options.id,
    object: 'chat.completion',
    created: options.created,
    model: options.model,
    choices: answer.choices.map(writeChoice),
    ...(answer.usage === null ? {} : { usage: openAiUsage(answer.usage) }),
  };
}

function writeChoice(choice: CollectedChoice, index: number): object {
  const calls = choice.blocks.filter((block) => block.kind === 'tool');
  const logprobs = choice.blocks.flatMap((block) => (block.kind === 'text' ? block.logprobs : []));
  return {
    index,
    message: writeMessage(choice, calls),
    logprobs: logprobs.length === 0 ? null : { content: logprobs, refusal: null },
    finish_reason: shownFinish(choice.finish, calls.length > 0),
  };
}

function writeMessage(choice: CollectedChoice, calls: readonly Extract<AnswerBlock, { kind: 'tool' }>[]): object {
  const text = joined(choice, 'text');
  const refusal = joined(choice, 'refusal');
  const silent = text === '' && (calls.length > 0 || refusal !== '');
  return {
    role: 'assistant',
    content: silent ? null : text,
    refusal: refusal === '' ? null : refusal,
    ...writeReasoning(choice),
    ...(calls.length === 0 ? {} : { tool_calls: calls.map(writeCall) }),
    ...(choice.annotations.length === 0 ? {} : { annotations: choice.annotations }),
  };
}

function writeCall(call: Extract<AnswerBlock, { kind: 'tool' }>): object {
  const args = call.arguments === '' ? '{}' : call.arguments;
  return { id: call.id, type: 'function', function: { name: call.name, arguments: args } };
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
