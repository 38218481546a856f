/**
 * Gathers the events of an answer into one value: whole answers are written from it, and the encoders of block-shaped
 * dialects (Responses, Anthropic) follow the stream with it.
 */
import type { Native } from '../neutral/chat-request.js';
import type {
  FinishReason,
  StreamEvent,
  TokenLogprob,
  UpstreamFailure,
  UpstreamUsage,
} from '../neutral/stream-event.js';

export type AnswerBlock =
  | { readonly kind: 'text'; text: string; logprobs: TokenLogprob[]; citations?: unknown[] | undefined }
  | { readonly kind: 'refusal'; text: string }
  | {
      readonly kind: 'reasoning';
      text: string;
      signature: string | null;
      redacted: string | null;
      /** OpenRouter's items, in order. */
      details: unknown[];
      /** A signature ends a block: thinking after it is another one. */
      closed: boolean;
    }
  | { readonly kind: 'native'; readonly block: Native }
  | {
      readonly kind: 'tool';
      readonly index: number;
      readonly id: string;
      readonly name: string;
      arguments: string;
      readonly native?: Native | undefined;
    };

export interface CollectedChoice {
  /** In the order in which they began. */
  readonly blocks: readonly AnswerBlock[];
  /** Null until the upstream named one. */
  readonly finish: FinishReason | null;
  readonly native: string | null;
  readonly stopSequence: string | null;
  readonly nativeEnd?: Native | undefined;
  readonly annotations: readonly unknown[];
}

export interface CollectedAnswer {
  /** By choice index, without gaps; at least one. */
  readonly choices: readonly CollectedChoice[];
  /** The last counts that the upstream reported. */
  readonly usage: UpstreamUsage | null;
  readonly failure: UpstreamFailure | null;
  /** Whether the upstream said that it is finished. */
  readonly ended: boolean;
  readonly upstreamModel: string | null;
}

/** What an event did to a choice: the block it went into, and whether that block began with it. */
export interface BlockChange {
  readonly block: AnswerBlock;
  readonly position: number;
  readonly opened: boolean;
}

/** The events that belong to a choice. */
export type ChoiceEvent = Extract<StreamEvent, { choice: number }>;

/** Follows one choice of an answer. */
export class ChoiceCollector implements CollectedChoice {
  readonly blocks: AnswerBlock[] = [];
  readonly annotations: unknown[] = [];
  finish: FinishReason | null = null;
  native: string | null = null;
  stopSequence: string | null = null;
  nativeEnd: Native | undefined;

  /** Takes an event in. Null where no block has changed. */
  push(event: ChoiceEvent): BlockChange | null {
    switch (event.type) {
      case 'text-delta':
        return this.addText(event);
      case 'refusal-delta':
        return event.text === '' ? null : this.addRefusal(event.text);
      case 'reasoning-delta':
        return this.addReasoning(event);
      case 'reasoning-signature':
        return this.addSignature(event);
      case 'tool-call-start':
        return this.startCall(event);
      case 'tool-call-delta':
        return this.addArguments(event);
      case 'annotations':
        this.annotations.push(...event.annotations);
        return null;
      case 'native-block':
        return this.open({ kind: 'native', block: event.block });
      case 'finish':
        this.finish = event.reason;
        this.native = event.native ?? null;
        this.stopSequence = event.stopSequence ?? null;
        this.nativeEnd = event.nativeEnd;
        return null;
    }
  }

  private open(block: AnswerBlock): BlockChange {
    this.blocks.push(block);
    return { block, position: this.blocks.length - 1, opened: true };
  }

  private addText(event: Extract<StreamEvent, { type: 'text-delta' }>): BlockChange | null {
    const { text, logprobs = [], citations = [], apart = false } = event;
    if (text === '' && logprobs.length === 0 && citations.length === 0) return null;
    const last = this.blocks.at(-1);
    const cited =
      citations.length === 0
        ? {}
        : { citations: [...(last?.kind === 'text' && !apart ? (last.citations ?? []) : []), ...citations] };
    if (last?.kind !== 'text' || apart) return this.open({ kind: 'text', text, logprobs: [...logprobs], ...cited });
    last.text += text;
    last.logprobs.push(...logprobs);
    Object.assign(last, cited);
    return { block: last, position: this.blocks.length - 1, opened: false };
  }

  private addRefusal(text: string): BlockChange {
    const last = this.blocks.at(-1);
    if (last?.kind !== 'refusal') return this.open({ kind: 'refusal', text });
    last.text += text;
    return { block: last, position: this.blocks.length - 1, opened: false };
  }

  private addReasoning(event: Extract<StreamEvent, { type: 'reasoning-delta' }>): BlockChange | null {
    const details = detailList(event.details);
    if (event.text === '' && details.length === 0) return null;
    const last = this.blocks.at(-1);
    if (last?.kind !== 'reasoning' || last.closed) {
      const { text } = event;
      return this.open({ kind: 'reasoning', text, signature: null, redacted: null, details, closed: false });
    }
    last.text += event.text;
    last.details.push(...details);
    return { block: last, position: this.blocks.length - 1, opened: false };
  }

  private addSignature(event: Extract<StreamEvent, { type: 'reasoning-signature' }>): BlockChange {
    const { signature = null, redacted = null } = event;
    const last = this.blocks.at(-1);
    if (redacted !== null || last?.kind !== 'reasoning' || last.closed) {
      return this.open({ kind: 'reasoning', text: '', signature, redacted, details: [], closed: true });
    }
    last.signature = signature;
    last.closed = true;
    return { block: last, position: this.blocks.length - 1, opened: false };
  }

  private startCall(event: Extract<StreamEvent, { type: 'tool-call-start' }>): BlockChange | null {
    const known = this.blocks.some((block) => block.kind === 'tool' && block.index === event.index);
    if (known) return null;
    const { index, id, name, native } = event;
    return this.open({ kind: 'tool', index, id, name, arguments: '', ...(native === undefined ? {} : { native }) });
  }

  private addArguments(event: Extract<StreamEvent, { type: 'tool-call-delta' }>): BlockChange | null {
    const position = this.blocks.findIndex((block) => block.kind === 'tool' && block.index === event.index);
    const block = this.blocks[position];
    if (block?.kind !== 'tool' || event.arguments === '') return null;
    block.arguments += event.arguments;
    return { block, position, opened: false };
  }
}

function detailList(details: unknown): unknown[] {
  if (details === undefined || details === null) return [];
  return Array.isArray(details) ? [...details] : [details];
}

/** More than any request can ask for: an upstream's nonsense index must not fill the memory. */
const maxChoices = 10_000;

/** Follows a whole answer. `answer()` may be called at any time. */
export class AnswerCollector {
  private readonly choices: ChoiceCollector[] = [new ChoiceCollector()];
  private usage: UpstreamUsage | null = null;
  private failure: UpstreamFailure | null = null;
  private ended = false;
  private upstreamModel: string | null = null;

  push(event: StreamEvent): void {
    if ('choice' in event) {
      if (event.choice < maxChoices) this.choice(event.choice).push(event);
    } else if (event.type === 'start') this.upstreamModel = event.model;
    else if (event.type === 'usage') this.usage = event.usage;
    else if (event.type === 'failure') this.failure = event.failure;
    else if (event.type === 'end') this.ended = true;
  }

  answer(): CollectedAnswer {
    const { choices, usage, failure, ended, upstreamModel } = this;
    return { choices, usage, failure, ended, upstreamModel };
  }

  private choice(index: number): ChoiceCollector {
    for (let next = this.choices.length; next <= index; next += 1) this.choices.push(new ChoiceCollector());
    return this.choices[index] ?? new ChoiceCollector();
  }
}

/** All events of an answer as one value. */
export function collectAnswer(events: Iterable<StreamEvent>): CollectedAnswer {
  const collector = new AnswerCollector();
  for (const event of events) collector.push(event);
  return collector.answer();
}

/**
 * The reason to show: some upstreams end with `stop` although they called tools (Ollama always, OpenAI with a forced
 * tool), and clients run tools only for `tool_calls`. An answer that ended without a reason has stopped.
 */
export function shownFinish(reason: FinishReason | null, hasToolCalls: boolean): FinishReason {
  return hasToolCalls && (reason === 'stop' || reason === null) ? 'tool_calls' : (reason ?? 'stop');
}
