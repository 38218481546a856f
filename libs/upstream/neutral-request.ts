/** The neutral request of an opening, with what the deployment puts into it: its system prompt, and the cut to its context. */
import {
  ChatRequest,
  CompletionRequest,
  EmbeddingRequest,
  RawRequest,
  truncateTurns,
  withSystemPrompt,
  type UpstreamFailure,
  type WrittenRequest,
} from '#wire';
import type { InferOpen } from '#contracts';

export type NeutralRequest =
  | { readonly kind: 'chat'; readonly request: ChatRequest }
  | { readonly kind: 'completion'; readonly request: CompletionRequest }
  | { readonly kind: 'embedding'; readonly request: EmbeddingRequest }
  | { readonly kind: 'raw'; readonly request: RawRequest };

/** Parsed once more: it came over the bus. Throws ZodError for what no ingress sends. */
export function neutralRequestOf(open: InferOpen): NeutralRequest {
  switch (open.requestKind) {
    case 'chat':
      return { kind: 'chat', request: effectiveChat(ChatRequest.parse(open.request), open.attempt) };
    case 'completion':
      return { kind: 'completion', request: CompletionRequest.parse(open.request) };
    case 'embedding':
      return { kind: 'embedding', request: EmbeddingRequest.parse(open.request) };
    case 'raw':
      return { kind: 'raw', request: RawRequest.parse(open.request) };
  }
}

function effectiveChat(request: ChatRequest, attempt: InferOpen['attempt']): ChatRequest {
  const prompted = withSystemPrompt(request, attempt.systemPrompt);
  const { truncateToTokens } = attempt;
  return truncateToTokens === null ? prompted : truncateTurns(prompted, truncateToTokens).request;
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
