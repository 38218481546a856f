/** What a dialect's parser gives, as the job that the runner takes. Pure. */
import type { ChatRequest, ParsedBody } from '#wire';
import type { CompletionJob } from './completion-runner.client.js';
import type { ParsedRequest } from './request-facts.js';

export type ParsedJob = Pick<
  CompletionJob,
  | 'dialect'
  | 'answerDialect'
  | 'endpoint'
  | 'model'
  | 'stream'
  | 'includeUsage'
  | 'parsed'
  | 'gateway'
  | 'answerSettings'
>;

type Body<R> = Omit<ParsedJob, keyof EndpointFacts | 'parsed'> & { readonly request: R };
type EndpointFacts = Pick<ParsedJob, 'dialect' | 'answerDialect' | 'endpoint'>;

/** The job of a parsed body: `facts` of its endpoint, and `wrap` names the kind of its request. Refusals pass as they are. */
export function parsedJob<R>(
  body: ParsedBody<Body<R>>,
  facts: EndpointFacts,
  wrap: (request: R) => ParsedRequest,
): ParsedBody<ParsedJob> {
  if (body.kind === 'invalid') return body;
  const { request, ...rest } = body.value;
  return { kind: 'ok', value: { ...rest, ...facts, parsed: wrap(request) } };
}

export function asChat(request: ChatRequest): ParsedRequest {
  return { kind: 'chat', request };
}
