/** An opening as a call of Ollama's native API. Generation is always streamed upstream, also for clients that want a whole answer: only so is it seen when the model is loaded, when it begins, and that it goes on. */
import type { InferOpen } from '#contracts';
import {
  answerWriterFor,
  chatDialectOf,
  embeddingExchange,
  neutralRequestOf,
  refusalOf,
  writeOptionsOf,
  type PreparedParts,
} from '#upstream';
import {
  OllamaChatDecoder,
  OllamaGenerateDecoder,
  readOllamaEmbedding,
  readOllamaError,
  upstreamFailure,
  writeOllamaChat,
  writeOllamaEmbed,
  writeOllamaGenerate,
  type UpstreamDecoder,
  type WrittenRequest,
} from '#wire';

export interface OllamaCallFacts {
  readonly apiBase: string;
  /** Credentials (a proxy before the host may want some) and the deployment's extra headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the model can do; null where nobody knows. */
  readonly capabilities: readonly string[] | null;
  readonly makeCallId: () => string;
  /** Wall clock, for the answer's `created`. */
  readonly nowMs: number;
}

type Exchange = Pick<Extract<PreparedParts, { kind: 'call' }>['parts'], 'decoder' | 'writer'>;

/** The call; a legacy completion asks with its prompt number `promptIndex`. */
export function prepareOllamaCall(open: InferOpen, facts: OllamaCallFacts, promptIndex = 0): PreparedParts {
  const neutral = neutralRequestOf(open);
  const options = { ...writeOptionsOf(open), ...hostPolicyOf(open), stream: true, capabilities: facts.capabilities };
  const created = Math.floor(facts.nowMs / 1000);
  switch (neutral.kind) {
    case 'chat': {
      const singleToolCall = neutral.request.parallelToolCalls === false;
      const decoder = new OllamaChatDecoder({ makeId: facts.makeCallId, singleToolCall });
      const writer = answerWriterFor(open, chatDialectOf(open), created);
      return callOf('/api/chat', writeOllamaChat(neutral.request, options), { decoder, writer }, open, facts);
    }
    case 'completion': {
      const prompt = neutral.request.prompts[promptIndex] ?? '';
      const decoder = new OllamaGenerateDecoder({ makeId: facts.makeCallId, choice: promptIndex });
      const writer = answerWriterFor(open, 'openai-completion', created);
      const written = writeOllamaGenerate(neutral.request, prompt, options);
      return callOf('/api/generate', written, { decoder, writer }, open, facts);
    }
    case 'embedding': {
      const { length } = neutral.request.inputs;
      const exchange = embeddingExchange(open, (text) => readOllamaEmbedding(text, length));
      return callOf('/api/embed', writeOllamaEmbed(neutral.request, options), exchange, open, facts);
    }
    case 'refused':
      return neutral;
    case 'raw':
      return {
        kind: 'refused',
        failure: upstreamFailure({
          code: 'invalid_request',
          status: null,
          message: `The model '${open.model}' runs on Ollama, which has no endpoint for ${neutral.request.path}.`,
        }),
      };
  }
}

/** A prompt that is too long is refused rather than cut in silence, unless the deployment says `truncate: true`. */
function hostPolicyOf(open: InferOpen): { truncate: boolean } {
  return { truncate: open.attempt.params['truncate'] === true };
}

function callOf(
  path: string,
  written: WrittenRequest,
  exchange: Exchange,
  open: InferOpen,
  facts: OllamaCallFacts,
): PreparedParts {
  const failure = refusalOf(open, written);
  if (failure !== null) return { kind: 'refused', failure };
  return {
    kind: 'call',
    parts: {
      request: {
        method: 'POST',
        url: `${facts.apiBase}${path}`,
        headers: { 'content-type': 'application/json', ...facts.headers },
        body: JSON.stringify(written.body),
      },
      ...exchange,
      readError: (status, _headers, text) => readOllamaError(status, text),
    },
  };
}

/** Fails an answer that is still coming after `limitMs`, counted from its first bytes. For clients that wait for the whole of it. */
export function boundedDecoder(decoder: UpstreamDecoder, limitMs: number, now: () => number): UpstreamDecoder {
  let since: number | null = null;
  return {
    push: (bytes) => {
      since ??= now();
      if (now() - since <= limitMs) return decoder.push(bytes);
      const message = 'The backend did not finish its answer in time.';
      return [{ type: 'failure', failure: upstreamFailure({ code: 'upstream_timeout', status: null, message }) }];
    },
    end: () => decoder.end(),
  };
}
