/** A legacy completion as one turn of a chat: Anthropic has no endpoint for completions any more. */
import type { CompletionRequest } from '../neutral/chat-request.js';
import { upstreamFailure } from '../upstream/failure.js';
import { writeAnthropicMessages, type AnthropicWriteOptions, type WrittenMessages } from './request.js';

/** What POST /v1/messages is sent for the prompt. Several prompts, and prompts of token numbers, are refused. */
export function writeAnthropicCompletion(
  completion: CompletionRequest,
  options: AnthropicWriteOptions,
): WrittenMessages {
  const { prompts, suffix, echo, logprobs, bestOf, ...asked } = completion;
  const [prompt] = prompts;
  const text = typeof prompt === 'string' ? prompt : '';
  const messages = [{ role: 'user' as const, content: [{ type: 'text' as const, text }] }];
  const written = writeAnthropicMessages({ ...asked, messages }, options);
  const isOne = prompts.length === 1 && typeof prompt === 'string';
  const foreign = {
    suffix: suffix !== undefined,
    echo: echo === true,
    logprobs: logprobs !== undefined,
    best_of: (bestOf ?? 1) > 1,
  };
  const names = Object.entries(foreign).flatMap(([name, isAsked]) => (isAsked ? [name] : []));
  return {
    ...written,
    unsupported: [...written.unsupported, ...names.filter((name) => options.omit?.includes(name) !== true)],
    refusal: isOne ? written.refusal : (written.refusal ?? severalPrompts),
  };
}

const severalPrompts = upstreamFailure({
  code: 'unsupported_parameter',
  status: null,
  message: 'Anthropic answers one prompt at a time, given as text. Send each prompt in a request of its own.',
  param: 'prompt',
});
