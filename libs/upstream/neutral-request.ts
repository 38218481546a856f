/** The neutral request of an opening, with what the deployment puts into it: its system prompt, and the cut to its context. */
import {
  ChatRequest,
  CompletionRequest,
  EmbeddingRequest,
  RawRequest,
  truncateTurns,
  upstreamFailure,
  withSystemPrompt,
  type UpstreamFailure,
  type WrittenRequest,
} from '#wire';
import type { InferOpen } from '#contracts';

export type NeutralRequest =
  | { readonly kind: 'chat'; readonly request: ChatRequest }
  | { readonly kind: 'completion'; readonly request: CompletionRequest }
  | { readonly kind: 'embedding'; readonly request: EmbeddingRequest }
  | { readonly kind: 'raw'; readonly request: RawRequest }
  /** Nothing that could be left out makes it fit. */
  | { readonly kind: 'refused'; readonly failure: UpstreamFailure };

/** Parsed once more: it came over the bus. Throws ZodError for what no ingress sends. */
export function neutralRequestOf(open: InferOpen): NeutralRequest {
  switch (open.requestKind) {
    case 'chat':
      return effectiveChat(ChatRequest.parse(open.request), open);
    case 'completion':
      return tooLong(open) ?? { kind: 'completion', request: CompletionRequest.parse(open.request) };
    case 'embedding':
      return tooLong(open) ?? { kind: 'embedding', request: EmbeddingRequest.parse(open.request) };
    case 'raw':
      return { kind: 'raw', request: RawRequest.parse(open.request) };
  }
}

function effectiveChat(request: ChatRequest, open: InferOpen): NeutralRequest {
  const { systemPrompt, truncateToTokens } = open.attempt;
  const prompted = withSystemPrompt(request, systemPrompt);
  if (truncateToTokens === null) return { kind: 'chat', request: prompted };
  const cut = truncateTurns(prompted, truncateToTokens);
  return (cut.fits ? null : tooLong(open)) ?? { kind: 'chat', request: cut.request };
}

/** The refusal of a prompt that would have to be cut and has no turns to leave out; null where it need not be cut. */
function tooLong(open: InferOpen): NeutralRequest | null {
  const { truncateToTokens, maxInputTokens } = open.attempt;
  if (truncateToTokens === null) return null;
  const failure = upstreamFailure({
    code: 'context_length_exceeded',
    status: null,
    message:
      `This model's maximum context length is ${maxInputTokens ?? truncateToTokens} tokens. However, your prompt has about ` +
      `${open.inputTokens} tokens${open.requestKind === 'chat' ? ', and leaving out its older turns does not make it fit' : ''}. Please shorten it.`,
    param: 'messages',
  });
  return { kind: 'refused', failure };
}

/** What every writer is told of the deployment. */
export function writeOptionsOf(open: InferOpen) {
  const { attempt } = open;
  return {
    model: attempt.upstreamModel,
    stream: open.stream,
    params: attempt.params,
    omit: attempt.additionalDropParams,
    extraBody: attempt.extraBody,
  };
}

/** Why a written request must not be sent; null where it may. A parameter that changes nothing is never in the way. */
export function refusalOf(open: InferOpen, written: WrittenRequest): UpstreamFailure | null {
  if (written.refusal !== null) return written.refusal;
  const [first] = written.unsupported;
  if (first === undefined || open.attempt.dropParams) return null;
  const names = written.unsupported.map((name) => `'${name}'`).join(', ');
  const plural = written.unsupported.length > 1;
  return {
    code: 'unsupported_parameter',
    status: null,
    message: `Unsupported ${plural ? 'parameters' : 'parameter'}: ${names} ${plural ? 'are' : 'is'} not supported by the model '${open.model}'. Leave ${plural ? 'them' : 'it'} out, or set drop_params.`,
    param: first,
    blame: 'request',
    retryAfterMs: null,
  };
}
