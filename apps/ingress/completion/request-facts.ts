/** What a request needs and how large it is: what routing and admission decide by. Pure. */
import type { RequestNeeds } from '#contracts';
import type { BilledUnits, ChatRequest, CompletionRequest, EmbeddingRequest, RawRequest } from '#wire';
import { estimateChatTokens, estimateTokens, passthroughSize } from '#wire';

export type ParsedRequest =
  | { readonly kind: 'chat'; readonly request: ChatRequest }
  | { readonly kind: 'completion'; readonly request: CompletionRequest }
  | { readonly kind: 'embedding'; readonly request: EmbeddingRequest }
  | { readonly kind: 'raw'; readonly request: RawRequest };

export interface RequestFacts {
  readonly needs: RequestNeeds;
  /** Estimated tokens of the prompt. */
  readonly inputTokens: number;
  /** What the client allows at most for one choice; null where it did not say. */
  readonly maxOutputTokens: number | null;
  readonly choices: number;
  /** The most that may be billed beside tokens. */
  readonly units?: BilledUnits;
}

const noNeeds: RequestNeeds = { tools: false, vision: false, jsonSchema: false, reasoning: false };

export function factsOf(parsed: ParsedRequest): RequestFacts {
  switch (parsed.kind) {
    case 'chat':
      return {
        needs: needsOf(parsed.request),
        inputTokens: estimateChatTokens(parsed.request),
        maxOutputTokens: parsed.request.maxTokens ?? null,
        choices: parsed.request.n ?? 1,
        ...unitsOf(parsed.request),
      };
    case 'completion':
      return {
        needs: noNeeds,
        inputTokens: sum(parsed.request.prompts.map(tokensOf)) + estimateTokens(parsed.request.suffix ?? ''),
        maxOutputTokens: parsed.request.maxTokens ?? null,
        choices: (parsed.request.n ?? 1) * parsed.request.prompts.length,
      };
    case 'embedding':
      return {
        needs: noNeeds,
        inputTokens: sum(parsed.request.inputs.map(tokensOf)),
        maxOutputTokens: null,
        choices: 1,
      };
    case 'raw':
      return { needs: noNeeds, choices: 1, ...passthroughSize(parsed.request) };
  }
}

/** The last user message's text, for the complexity router; cut to 32 KiB. */
export function lastUserTextOf(parsed: ParsedRequest): string | null {
  if (parsed.kind === 'embedding' || parsed.kind === 'raw') return null;
  if (parsed.kind === 'completion') {
    const first = parsed.request.prompts[0];
    return typeof first === 'string' ? first.slice(0, maxUserText) : null;
  }
  const last = parsed.request.messages.findLast((message) => message.role === 'user');
  if (last === undefined) return null;
  const text = last.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  return text.slice(0, maxUserText);
}

const maxUserText = 32 * 1024;

function needsOf(request: ChatRequest): RequestNeeds {
  const native = request.nativeTools?.[0]?.['type'];
  return {
    ...(typeof native === 'string' ? { nativeTool: native } : {}),
    tools: (request.tools?.length ?? 0) > 0 && request.toolChoice !== 'none',
    vision: request.messages.some(
      (message) =>
        (message.role === 'user' || message.role === 'tool') && message.content.some((part) => part.type === 'image'),
    ),
    jsonSchema: request.responseFormat?.type === 'json_schema',
    // Asking a model that cannot think to think does no harm upstream: the worker leaves it out.
    reasoning: false,
  };
}

/** Searches that a tool of the provider's may make where its client sets no `max_uses`. */
const usualSearches = 10;

/** What a chat may be billed beside tokens: searches, and a cache that is kept for an hour (one mark of it is taken for all). */
function unitsOf(request: ChatRequest): { units?: BilledUnits } {
  const { nativeTools = [], extra } = request;
  const wished = extra?.['web_search_options'] === undefined ? 0 : usualSearches;
  const webSearches = wished + sum(nativeTools.map(searchesOf));
  const isKeptForAnHour = hasHourMark(request);
  if (webSearches === 0 && !isKeptForAnHour) return {};
  return { units: { webSearches, ...(isKeptForAnHour ? { cacheWriteHourTokens: Number.MAX_SAFE_INTEGER } : {}) } };
}

/** The client's own bound counts only where it is one: nobody makes a request cheaper by naming fewer than none. */
function searchesOf({ type, max_uses: most }: NonNullable<ChatRequest['nativeTools']>[number]): number {
  if (!String(type).startsWith('web_search')) return 0;
  return Number.isSafeInteger(most) && Number(most) >= 0 ? Number(most) : usualSearches;
}

function hasHourMark({ messages, tools = [] }: ChatRequest): boolean {
  const isHour = (mark: { readonly ttl?: string | undefined } | undefined) => mark?.ttl === '1h';
  const isMarked = (message: ChatRequest['messages'][number]) =>
    (message.role === 'tool' && isHour(message.cacheControl)) ||
    message.content.some((part) => 'cacheControl' in part && isHour(part.cacheControl));
  return messages.some(isMarked) || tools.some((tool) => isHour(tool.cacheControl));
}

function tokensOf(input: string | readonly number[]): number {
  return typeof input === 'string' ? estimateTokens(input) : input.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
