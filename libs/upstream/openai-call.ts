/** Calls of OpenAI-compatible upstreams: clouds, and local engines that speak the same. */
import { randomBytes } from 'node:crypto';
import type { InferOpen } from '#contracts';
import {
  flavourOfProvider,
  OpenAiChatDecoder,
  OpenAiCompletionDecoder,
  readOpenAiChatAnswer,
  readOpenAiCompletionAnswer,
  readOpenAiEmbedding,
  readOpenAiError,
  writeOpenAiChat,
  writeOpenAiCompletion,
  writeOpenAiEmbedding,
  type UpstreamFailure,
  type WrittenRequest,
} from '#wire';
import { answerWriterFor } from './answer-writer.js';
import { neutralRequestOf, refusalOf, writeOptionsOf, type NeutralRequest } from './neutral-request.js';
import { rawCall } from './raw-call.js';
import type { PreparedCall } from './serve-attempt.js';
import { embeddingExchange, wholeDecoder } from './whole-decoder.js';

/** A call without what only the caller knows: its waits. */
export type CallParts = Omit<PreparedCall, 'timers' | 'loading' | 'queuedMs'>;

export type PreparedParts =
  | { readonly kind: 'call'; readonly parts: CallParts }
  | { readonly kind: 'refused'; readonly failure: UpstreamFailure };

export interface CallAddress {
  /** The URL of an endpoint such as `chat/completions`. */
  readonly urlOf: (path: string) => string;
  /** Credentials and the deployment's extra headers. */
  readonly headers: Readonly<Record<string, string>>;
}

const makeCallId = () => `call_${randomBytes(12).toString('hex')}`;

/** The call of an opening; `refused` where the upstream cannot express the request. */
export function prepareOpenAiCall(open: InferOpen, address: CallAddress, nowMs: number): PreparedParts {
  const neutral = neutralRequestOf(open);
  if (neutral.kind === 'refused') return neutral;
  if (neutral.kind === 'raw') return rawCall(open, neutral.request, address, nowMs);
  const flavour = flavourOfProvider(open.attempt.backend.provider, open.attempt.backend.apiBase);
  const written = write(neutral, open, flavour);
  const failure = refusalOf(open, written);
  if (failure !== null) return { kind: 'refused', failure };
  return {
    kind: 'call',
    parts: {
      request: {
        method: 'POST',
        url: address.urlOf(paths[neutral.kind]),
        headers: { 'content-type': 'application/json', ...written.headers, ...address.headers },
        body: JSON.stringify(written.body),
      },
      ...exchangeOf(neutral, open, flavour, nowMs),
      readError: (status, headers, text) => readOpenAiError(status, headers, text, nowMs),
    },
  };
}

const paths = { chat: 'chat/completions', completion: 'completions', embedding: 'embeddings' } as const;

type Flavour = ReturnType<typeof flavourOfProvider>;
type Generating = Exclude<NeutralRequest, { kind: 'raw' | 'refused' }>;

function write(neutral: Generating, open: InferOpen, flavour: Flavour): WrittenRequest {
  const options = { ...writeOptionsOf(open), flavour };
  switch (neutral.kind) {
    case 'chat':
      return writeOpenAiChat(neutral.request, options);
    case 'completion':
      return writeOpenAiCompletion(neutral.request, options);
    case 'embedding':
      return writeOpenAiEmbedding(neutral.request, options);
  }
}

function exchangeOf(
  neutral: Generating,
  open: InferOpen,
  flavour: Flavour,
  nowMs: number,
): Pick<PreparedCall, 'decoder' | 'writer'> {
  const options = { makeId: makeCallId, flavour, nowMs };
  const created = Math.floor(nowMs / 1000);
  switch (neutral.kind) {
    case 'chat':
      return {
        decoder: open.stream
          ? new OpenAiChatDecoder(options)
          : wholeDecoder((text) => readOpenAiChatAnswer(text, options)),
        writer: answerWriterFor(open, chatDialectOf(open), created),
      };
    case 'completion':
      return {
        decoder: open.stream
          ? new OpenAiCompletionDecoder(options)
          : wholeDecoder((text) => readOpenAiCompletionAnswer(text, options)),
        writer: answerWriterFor(open, 'openai-completion', created),
      };
    case 'embedding':
      return embeddingExchange(open, (text) => readOpenAiEmbedding(text, neutral.request.inputs.length));
  }
}

/** The answer dialect of a chat: what the client spoke. */
export function chatDialectOf(open: InferOpen): 'openai-chat' | 'openai-responses' | 'anthropic-messages' {
  return open.dialect === 'openai-responses' || open.dialect === 'anthropic-messages' ? open.dialect : 'openai-chat';
}
