/** A collected answer as events again: a cached answer is streamed to clients that asked for a stream. */
import type { StreamEvent } from '../neutral/stream-event.js';
import type { AnswerBlock, CollectedAnswer, CollectedChoice } from './collect-answer.js';

/** Events that collect to the same answer. One delta per block; a failure is not replayed, since failures are not kept. */
export function* replayAnswer(answer: CollectedAnswer): Generator<StreamEvent> {
  yield { type: 'start', id: null, model: answer.upstreamModel, created: null };
  for (const [choice, collected] of answer.choices.entries()) yield* replayChoice(collected, choice);
  if (answer.usage !== null) yield { type: 'usage', usage: answer.usage };
  if (answer.ended) yield { type: 'end' };
}

function* replayChoice(collected: CollectedChoice, choice: number): Generator<StreamEvent> {
  for (const [place, block] of collected.blocks.entries()) {
    const isApart = block.kind === 'text' && collected.blocks[place - 1]?.kind === 'text';
    yield* replayBlock(block, choice, isApart);
  }
  const { annotations, finish: reason, native, stopSequence, nativeEnd } = collected;
  if (annotations.length > 0) yield { type: 'annotations', choice, annotations };
  if (reason === null) return;
  const said = {
    ...(native === null ? {} : { native }),
    ...(stopSequence === null ? {} : { stopSequence }),
    ...(nativeEnd === undefined ? {} : { nativeEnd }),
  };
  yield { type: 'finish', choice, reason, ...said };
}

function* replayBlock(block: AnswerBlock, choice: number, isApart: boolean): Generator<StreamEvent> {
  switch (block.kind) {
    case 'text': {
      const { text, logprobs, citations } = block;
      const sources = citations === undefined ? {} : { citations };
      yield {
        type: 'text-delta',
        choice,
        text,
        ...(logprobs.length === 0 ? {} : { logprobs }),
        ...sources,
        ...(isApart ? { apart: true as const } : {}),
      };
      return;
    }
    case 'refusal':
      yield { type: 'refusal-delta', choice, text: block.text };
      return;
    case 'native':
      yield { type: 'native-block', choice, block: block.block };
      return;
    case 'tool': {
      const { index, id, name, native } = block;
      yield { type: 'tool-call-start', choice, index, id, name, ...(native === undefined ? {} : { native }) };
      yield { type: 'tool-call-delta', choice, index, arguments: block.arguments };
      return;
    }
    case 'reasoning':
      yield* replayReasoning(block, choice);
  }
}

function* replayReasoning(block: Extract<AnswerBlock, { kind: 'reasoning' }>, choice: number): Generator<StreamEvent> {
  const { text, details, signature, redacted, closed } = block;
  if (text !== '' || details.length > 0) {
    yield { type: 'reasoning-delta', choice, text, ...(details.length === 0 ? {} : { details }) };
  }
  const sealed = { ...(signature === null ? {} : { signature }), ...(redacted === null ? {} : { redacted }) };
  if (closed) yield { type: 'reasoning-signature', choice, ...sealed };
}
