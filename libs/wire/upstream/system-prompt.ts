/** The system prompt that a deployment's config puts into every request. */
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.js';

export interface SystemPrompt {
  readonly text: string;
  /** `prepend`: before the client's own; `default`: only where the client has none; `replace`: instead of the client's. */
  readonly mode: 'prepend' | 'default' | 'replace';
}

/** A copy of the request with the system prompt in its place. */
export function withSystemPrompt(request: ChatRequest, prompt: SystemPrompt | null): ChatRequest {
  if (prompt === null || prompt.text.length === 0) return request;
  const hasOwn = request.messages.some((message) => message.role === 'system');
  if (prompt.mode === 'default' && hasOwn) return request;
  const first: ChatMessage = { role: 'system', content: [{ type: 'text', text: prompt.text }] };
  const others =
    prompt.mode === 'replace' ? request.messages.filter((message) => message.role !== 'system') : request.messages;
  return { ...request, messages: [first, ...others] };
}
