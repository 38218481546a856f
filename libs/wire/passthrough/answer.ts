/**
 * Answers of passed-through endpoints: their bytes unchanged, and what they say of usage. JSON is looked at whole, so that
 * an error in a 200 is none of the client's answers; streams and files are handed on as they come.
 */
import type { BilledUnits, RawRequest } from '../neutral/chat-request.js';
import type { StreamEvent, UpstreamFailure, UpstreamUsage } from '../neutral/stream-event.js';
import { SseDecoder } from '../sse.js';
import type { UpstreamDecoder } from '../upstream/decoder.js';
import { invalidResponse } from '../upstream/failure.js';
import { isRecord, listOf, numberOf, parseJson, recordOf } from '../upstream/loose-json.js';
import type { UpstreamHeaders } from '../upstream/retry-after.js';
import { readOpenAiErrorBody } from '../upstream-openai/error.js';
import { isEventStreamType, isWholeType, publicContentType } from './content-type.js';
import { countedUnits } from './size.js';

/** A whole answer above this is none of these endpoints'. */
const maxWholeBytes = 64 * 1024 * 1024;

export interface PassthroughFacts {
  readonly request: RawRequest;
  /** Counted where the upstream reports no tokens. */
  readonly inputTokens: number;
  /** Wall clock, for dates in errors. */
  readonly nowMs: number;
}

export class PassthroughDecoder implements UpstreamDecoder {
  #contentType = 'application/octet-stream';
  #whole: Uint8Array[] = [];
  #size = 0;
  #events = new SseDecoder();
  #said: Said = {};

  constructor(private readonly facts: PassthroughFacts) {}

  /** Takes the answer's head; returns the content type for the client. */
  head(headers: UpstreamHeaders): string {
    const given = headers['content-type'];
    this.#contentType = publicContentType(typeof given === 'string' ? given : null);
    return this.#contentType;
  }

  push(bytes: Uint8Array): StreamEvent[] {
    this.#size += bytes.byteLength;
    if (isWholeType(this.#contentType)) return this.#keep(bytes);
    const failure = isEventStreamType(this.#contentType) ? this.#readEvents(bytes) : null;
    return failure === null ? [{ type: 'bytes', bytes }] : [{ type: 'failure', failure }];
  }

  end(): StreamEvent[] {
    if (this.#size === 0) return [];
    const whole = Buffer.concat(this.#whole);
    if (isWholeType(this.#contentType)) {
      const failure = this.#readWhole(whole.toString('utf8'));
      if (failure !== null) return [{ type: 'failure', failure }];
    }
    const bytes: StreamEvent[] = whole.byteLength === 0 ? [] : [{ type: 'bytes', bytes: whole }];
    return [
      ...bytes,
      { type: 'usage', usage: usageOf(this.#said, this.facts) },
      { type: 'finish', choice: 0, reason: 'stop' },
      { type: 'end' },
    ];
  }

  #keep(bytes: Uint8Array): StreamEvent[] {
    if (this.#size > maxWholeBytes) {
      return [{ type: 'failure', failure: invalidResponse('The backend gave an answer of more than 64 MB.') }];
    }
    this.#whole.push(bytes);
    return [];
  }

  #readWhole(text: string): UpstreamFailure | null {
    if (!this.#contentType.startsWith('application/json')) return null;
    const body = parseJson(text);
    // Some engines say "application/json" of a plain text.
    if (!isRecord(body)) return null;
    if (body['error'] !== undefined && body['error'] !== null && !answers.some((name) => name in body)) {
      return readOpenAiErrorBody(body, 200, {}, this.facts.nowMs);
    }
    this.#said = saidIn(body);
    return null;
  }

  #readEvents(bytes: Uint8Array): UpstreamFailure | null {
    for (const { data } of this.#events.push(bytes)) {
      const event = parseJson(data);
      if (!isRecord(event)) continue;
      if (isRecord(event['error']) || event['type'] === 'error') {
        return readOpenAiErrorBody(event, 200, {}, this.facts.nowMs);
      }
      if (isRecord(event['usage'])) this.#said = saidIn(event);
    }
    return null;
  }
}

/** What only a real answer has. */
const answers = ['data', 'results', 'text', 'segments'];

interface Said {
  readonly tokens?: { readonly input: number; readonly output: number };
  readonly units?: BilledUnits;
  readonly costUsd?: number;
}

/** Usage as OpenAI (tokens, or `{type: 'duration', seconds}`), OpenRouter (cost), Jina, vLLM and Cohere (`meta.billed_units`) report it. */
function saidIn(body: Readonly<Record<string, unknown>>): Said {
  const usage = recordOf(body['usage']);
  const billed = recordOf(recordOf(body['meta'])['billed_units']);
  const input = numberOf(
    usage['input_tokens'] ?? usage['prompt_tokens'] ?? usage['total_tokens'] ?? billed['input_tokens'],
  );
  const output = numberOf(usage['output_tokens'] ?? usage['completion_tokens']);
  const seconds = numberOf(usage['seconds'] ?? usage['prompt_audio_seconds'] ?? body['duration']);
  const imageInputTokens = numberOf(recordOf(usage['input_tokens_details'])['image_tokens']);
  const searches = numberOf(billed['search_units']);
  const images = listOf(body['data']).length;
  const cost = numberOf(usage['cost']);
  const units = {
    ...(seconds === null ? {} : { seconds }),
    ...(imageInputTokens === null ? {} : { imageInputTokens }),
    ...(searches === null ? {} : { searches }),
    ...(images === 0 ? {} : { images }),
  };
  return {
    ...(input === null ? {} : { tokens: { input, output: output ?? 0 } }),
    units,
    ...(cost === null ? {} : { costUsd: cost }),
  };
}

function usageOf(said: Said, { request, inputTokens }: PassthroughFacts): UpstreamUsage {
  return {
    inputTokens: said.tokens?.input ?? inputTokens,
    outputTokens: said.tokens?.output ?? 0,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    costUsd: said.costUsd ?? null,
    units: { ...countedUnits(request), ...said.units },
    ...(said.tokens === undefined ? { counted: true } : {}),
  };
}
