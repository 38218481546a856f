/** Listens to an answer on its way to the client and keeps it whole, where the ingress asked for it (its response cache, a trace). */
import {
  AnswerCollector,
  storedAnswer,
  type CollectedAnswer,
  type StoredAnswer,
  type StreamEvent,
  type UpstreamFailure,
} from '#wire';
import type { AnswerWriter } from './answer-writer.js';

/** A usage frame must fit into one message of the bus, beside the frames of its tick. */
const maxKeptCharacters = 200_000;

export class AnswerKeeper implements AnswerWriter {
  private readonly collector = new AnswerCollector();
  private characters = 0;

  constructor(private readonly writer: AnswerWriter) {}

  event(event: StreamEvent): Uint8Array | null {
    this.characters += sizeOf(event);
    if (this.characters <= maxKeptCharacters) this.collector.push(event);
    return this.writer.event(event);
  }

  finish(): Uint8Array {
    return this.writer.finish();
  }

  fail(failure: UpstreamFailure): Uint8Array | null {
    return this.writer.fail(failure);
  }

  /** The answer as far as it came. */
  collected(): CollectedAnswer {
    return this.collector.answer();
  }

  /** The finished answer; null where it failed, never ended, or is too large to be sent along. */
  kept(): StoredAnswer | null {
    if (this.characters > maxKeptCharacters) return null;
    const answer = storedAnswer(this.collector.answer());
    return answer === null || JSON.stringify(answer).length > maxKeptCharacters ? null : answer;
  }
}

function sizeOf(event: StreamEvent): number {
  if ('text' in event) return event.text.length;
  return event.type === 'tool-call-delta' ? event.arguments.length : 0;
}
