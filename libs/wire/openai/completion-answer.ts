/** Legacy completions, streamed and whole. `text` is always a string: clients crash on null. Thinking has no place here. */
import type { FinishReason, StreamEvent, TokenLogprob, UpstreamUsage } from '../neutral/stream-event.js';
import { sseComment, toBytes, type AnswerEncoder, type EncoderOptions } from './answer-encoder.js';
import { joined } from './chat-answer.js';
import type { CollectedAnswer } from './collect-answer.js';
import { openAiErrorBody, type ClientError } from './error.js';
import { openAiUsage } from './usage.js';

interface ChoiceState {
  readonly head: string;
  /** Characters sent so far: logprobs name the place of each token in the text. */
  offset: number;
  finished: boolean;
}

export class CompletionEncoder implements AnswerEncoder {
  private readonly choices = new Map<number, ChoiceState>();
  private readonly chunkHead: string;
  private readonly chunkTail: string;
  private usage: UpstreamUsage | null = null;

  constructor(private readonly options: EncoderOptions) {
    const { id, created, model } = options;
    const envelope = JSON.stringify({ id, object: 'text_completion', created, model });
    this.chunkHead = `data: ${envelope.slice(0, -1)},"choices":[`;
    this.chunkTail = options.includeUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  push(event: StreamEvent): Uint8Array | null {
    if (event.type === 'usage') this.usage = event.usage;
    if (event.type === 'finish') {
      const state = this.choice(event.choice);
      return state.finished ? null : toBytes(this.close(state, event.reason));
    }
    if (event.type !== 'text-delta' && event.type !== 'refusal-delta') return null;
    const logprobs = event.type === 'text-delta' ? event.logprobs : undefined;
    const state = this.choice(event.choice);
    if (state.finished || (event.text === '' && logprobs === undefined)) return null;
    const shown = logprobs === undefined ? 'null' : JSON.stringify(legacyLogprobs(logprobs, state.offset));
    state.offset += event.text.length;
    const tail = `,"logprobs":${shown},"finish_reason":null}${this.chunkTail}`;
    return toBytes(state.head + JSON.stringify(event.text) + tail);
  }

  comment(text: string): Uint8Array {
    return sseComment(text);
  }

  fail(error: ClientError): Uint8Array {
    return toBytes(`data: ${JSON.stringify(openAiErrorBody(error))}\n\n`);
  }

  finish(): Uint8Array {
    if (this.choices.size === 0) this.choice(0);
    const closed = [...this.choices.values()].map((state) => (state.finished ? '' : this.close(state, 'stop')));
    return toBytes(`${closed.join('')}${this.usageChunk()}data: [DONE]\n\n`);
  }

  private choice(index: number): ChoiceState {
    const known = this.choices.get(index);
    if (known !== undefined) return known;
    const state = { head: `${this.chunkHead}{"index":${index},"text":`, offset: 0, finished: false };
    this.choices.set(index, state);
    return state;
  }

  private close(state: ChoiceState, reason: FinishReason): string {
    state.finished = true;
    return `${state.head}"","logprobs":null,"finish_reason":"${reason}"}${this.chunkTail}`;
  }

  private usageChunk(): string {
    if (!this.options.includeUsage || this.usage === null) return '';
    return `${this.chunkHead}],"usage":${JSON.stringify(openAiUsage(this.usage))}}\n\n`;
  }
}

/** The body of a legacy completion that was not streamed. */
export function completionAnswer(answer: CollectedAnswer, options: EncoderOptions): object {
  return {
    id: options.id,
    object: 'text_completion',
    created: options.created,
    model: options.model,
    choices: answer.choices.map((choice, index) => {
      const logprobs = choice.blocks.flatMap((block) => (block.kind === 'text' ? block.logprobs : []));
      return {
        index,
        text: joined(choice, 'text') + joined(choice, 'refusal'),
        logprobs: logprobs.length === 0 ? null : legacyLogprobs(logprobs, 0),
        finish_reason: choice.finish ?? 'stop',
      };
    }),
    ...(answer.usage === null ? {} : { usage: openAiUsage(answer.usage) }),
  };
}

/** Chat logprobs in the legacy shape: parallel lists. `offset` is where the first token begins. */
function legacyLogprobs(logprobs: readonly TokenLogprob[], offset: number): object {
  let end = offset;
  const starts = logprobs.map(({ token }) => {
    const start = end;
    end += token.length;
    return start;
  });
  return {
    tokens: logprobs.map(({ token }) => token),
    token_logprobs: logprobs.map(({ logprob }) => logprob),
    top_logprobs: logprobs.map((entry) =>
      Object.fromEntries(entry.top_logprobs.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: starts,
  };
}
