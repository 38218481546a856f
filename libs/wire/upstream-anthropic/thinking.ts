/** `thinking` and `output_config.effort` from the neutral wish, by what the model takes. */
import type { ChatMessage, ChatRequest } from '../neutral/chat-request.js';
import { effortOf } from '../upstream/effort.js';
import { isRecord } from '../upstream/loose-json.js';
import type { WriteNotes } from '../upstream/written-request.js';
import type { AnthropicModel } from './model.js';

type JsonObject = Record<string, unknown>;

export interface Thinking {
  readonly fields: { readonly thinking?: unknown; readonly effort?: string };
  /** Thinking is on: temperature and top_k must be left alone, and tools must not be forced. */
  readonly isOn: boolean;
  readonly maxTokens: number;
}

const leastBudget = 1024;
const budgets: ReadonlyMap<string, number> = new Map([
  ['minimal', 1024],
  ['low', 1024],
  ['medium', 2048],
  ['high', 4096],
  ['xhigh', 8192],
  ['max', 16_384],
  ['ultra', 16_384],
]);

/** What to write, and the max_tokens that leaves room for it. A client's own `thinking` (in `extra`) is taken as it is. */
export function writeThinking(
  request: ChatRequest,
  model: AnthropicModel,
  defaultMaxTokens: number,
  notes: WriteNotes,
): Thinking {
  const maxTokens = request.maxTokens ?? defaultMaxTokens;
  const own = request.extra?.['thinking'];
  if (isRecord(own)) {
    const isOn = own['type'] === 'enabled' || own['type'] === 'adaptive';
    const budget = typeof own['budget_tokens'] === 'number' ? own['budget_tokens'] : 0;
    const room = request.maxTokens === undefined && budget >= maxTokens ? budget + defaultMaxTokens : maxTokens;
    return { fields: { thinking: own }, isOn, maxTokens: room };
  }
  const off = { fields: {}, isOn: false, maxTokens };
  if (request.reasoning === undefined) return off;
  const effort = effortOf(request.reasoning);
  if (effort === 'none') return { ...off, fields: disabled(model, notes) };
  if (model.thinking === 'none' || isForced(request)) {
    notes.drop('reasoning_effort');
    return off;
  }
  if (model.thinking === 'adaptive') return { fields: adaptive(effort, model), isOn: true, maxTokens };
  return budgeted(request, budgetOf(request, effort), defaultMaxTokens, notes) ?? off;
}

function disabled(model: AnthropicModel, notes: WriteNotes): Thinking['fields'] {
  if (model.alwaysThinks) {
    notes.drop('reasoning_effort');
    return { effort: 'low' };
  }
  return model.thinking === 'none' ? {} : { thinking: { type: 'disabled' } };
}

/** Newer models keep their thinking to themselves unless asked; OpenAI's clients expect to see it. */
function adaptive(effort: string | null, model: AnthropicModel): Thinking['fields'] {
  const thinking: JsonObject = model.fixedSampling ? { type: 'adaptive', display: 'summarized' } : { type: 'adaptive' };
  if (effort === null) return { thinking };
  if (effort === 'minimal') return { thinking, effort: 'low' };
  if (effort === 'ultra') return { thinking, effort: 'max' };
  return { thinking, effort: effort === 'xhigh' && !model.fixedSampling ? 'max' : effort };
}

function budgetOf(request: ChatRequest, effort: string | null): number {
  const asked = request.reasoning?.budgetTokens;
  if (asked !== undefined) return Math.max(leastBudget, asked);
  return budgets.get(effort ?? 'medium') ?? 2048;
}

/** The budget must be below max_tokens: a client's max_tokens wins over the budget, the default makes room for it. */
function budgeted(request: ChatRequest, budget: number, defaultMaxTokens: number, notes: WriteNotes): Thinking | null {
  const asked = request.maxTokens;
  const hasRoom = asked === undefined || asked > leastBudget;
  if (!hasRoom || isUnsignedToolTurn(request.messages)) {
    notes.drop('reasoning_effort');
    return null;
  }
  const sent = asked === undefined ? budget : Math.min(budget, asked - 1);
  const maxTokens = asked ?? (budget >= defaultMaxTokens ? budget + defaultMaxTokens : defaultMaxTokens);
  return { fields: { thinking: { type: 'enabled', budget_tokens: sent } }, isOn: true, maxTokens };
}

/** Thinking and a forced tool exclude each other. */
function isForced(request: ChatRequest): boolean {
  const hasTools = (request.tools?.length ?? 0) + (request.nativeTools?.length ?? 0) > 0;
  return hasTools && (request.toolChoice === 'required' || typeof request.toolChoice === 'object');
}

/** In the middle of a tool turn the assistant's message must begin with its signed thinking, which few clients send back. */
function isUnsignedToolTurn(messages: readonly ChatMessage[]): boolean {
  if (messages.at(-1)?.role !== 'tool') return false;
  const last = messages.findLast((message) => message.role === 'assistant');
  if (last === undefined || last.role !== 'assistant') return false;
  // What is sent back whole has its thinking in it, if there was any.
  return !(last.reasoning ?? []).some((block) => block.signature !== undefined || block.redacted !== undefined);
}
