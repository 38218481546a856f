/**
 * Cuts a chat to a context size by leaving out its oldest turns. A turn is a user message with everything up to the next
 * one, so a tool call never loses its result. System messages and the last turn always stay.
 */
import type { ChatMessage, ChatRequest } from './chat-request.js';
import { estimateChatTokens } from '../tokens/request-tokens.js';

export interface TruncatedChat {
  readonly request: ChatRequest;
  /** Messages that were left out; 0 = the request is as it was. */
  readonly droppedMessages: number;
  /** False where even the last turn alone is too long. */
  readonly fits: boolean;
}

/** The request with at most `maxTokens` estimated prompt tokens, as far as leaving out whole turns can achieve that. */
export function truncateTurns(request: ChatRequest, maxTokens: number): TruncatedChat {
  let tokens = estimateChatTokens(request);
  if (tokens <= maxTokens) return { request, droppedMessages: 0, fits: true };
  const dropped = new Set<ChatMessage>();
  for (const turn of turnsOf(request.messages).slice(0, -1)) {
    if (tokens <= maxTokens) break;
    tokens -= tokensOf(turn);
    for (const message of turn) dropped.add(message);
  }
  if (dropped.size === 0) return { request, droppedMessages: 0, fits: false };
  const messages = request.messages.filter((message) => !dropped.has(message));
  return { request: { ...request, messages }, droppedMessages: dropped.size, fits: tokens <= maxTokens };
}

/** The turns in order, without system messages. What stands before the first user message is a turn of its own. */
function turnsOf(messages: readonly ChatMessage[]): ChatMessage[][] {
  const turns: ChatMessage[][] = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const current = turns.at(-1);
    if (current === undefined || message.role === 'user') turns.push([message]);
    else current.push(message);
  }
  return turns;
}

function tokensOf(messages: ChatMessage[]): number {
  return estimateChatTokens({ messages }) - estimateChatTokens({ messages: [] });
}
