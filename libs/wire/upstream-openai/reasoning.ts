/** How much to think, in the words of OpenAI-compatible upstreams; and what OpenAI's reasoning models refuse. */
import type { ChatRequest, Reasoning } from '../neutral/chat-request.js';
import { effortOf } from '../upstream/effort.js';
import type { WriteNotes } from '../upstream/written-request.js';
import type { OpenAiFlavour } from './flavour.js';

type JsonObject = Record<string, unknown>;

export interface OpenAiModel {
  readonly reasons: boolean;
  /** 501 of `gpt-5.1-mini`; 0 for the o-series. */
  readonly version: number;
}

/** What the name of one of OpenAI's own models tells. Later families reason like gpt-5 until somebody knows better. */
export function openAiModel(name: string): OpenAiModel {
  const id = name.slice(name.lastIndexOf('/') + 1).toLowerCase();
  if (/^o\d/u.test(id)) return { reasons: true, version: 0 };
  const match = /^(?:gpt|chatgpt)-(\d+)(?:\.(\d+))?/u.exec(id);
  const version = match === null ? 0 : Number(match[1]) * 100 + Number(match[2] ?? 0);
  return { reasons: version >= 500 && !id.includes('chat'), version };
}

/** The fields that tell the upstream how much to think. */
export function writeReasoning(
  request: ChatRequest,
  flavour: OpenAiFlavour,
  model: string,
  notes: WriteNotes,
): JsonObject {
  const wish = request.reasoning;
  const hidesThinking = flavour.reasoning === 'object' && request.extra?.['include_reasoning'] === false;
  if (wish === undefined) return hidesThinking ? { reasoning: { exclude: true } } : {};
  const effort = effortOf(wish);
  switch (flavour.reasoning) {
    case 'none':
      if (effort !== 'none') notes.drop('reasoning_effort');
      return {};
    case 'effort':
      return effort === null ? {} : { reasoning_effort: effort };
    case 'switch':
      return { thinking: { type: effort === 'none' ? 'disabled' : 'enabled' } };
    case 'template':
      if (effort === 'none') return { chat_template_kwargs: { enable_thinking: false } };
      return effort === null ? {} : { reasoning_effort: effort };
    case 'object':
      return { reasoning: { ...openRouterReasoning(wish, effort), ...(hidesThinking ? { exclude: true } : {}) } };
    case 'by-model':
      return byModel(effort, openAiModel(model), notes);
  }
}

function openRouterReasoning(wish: Reasoning, effort: string | null): JsonObject {
  if (wish.enabled !== false && wish.effort === undefined && wish.budgetTokens !== undefined && wish.budgetTokens > 0) {
    return { max_tokens: wish.budgetTokens };
  }
  if (effort === null) return { enabled: true };
  return { effort: effort === 'ultra' ? 'max' : effort };
}

/** Models refuse the words that are newer or older than they are: the nearest one they know is sent instead. */
function byModel(effort: string | null, model: OpenAiModel, notes: WriteNotes): JsonObject {
  if (effort === null) return {};
  if (!model.reasons) {
    if (effort !== 'none') notes.drop('reasoning_effort');
    return {};
  }
  const sent = nearestEffort(effort, model.version);
  if (sent !== effort) notes.drop('reasoning_effort');
  return { reasoning_effort: sent };
}

function nearestEffort(effort: string, version: number): string {
  if (effort === 'none') {
    if (version >= 501) return 'none';
    return version >= 500 ? 'minimal' : 'low';
  }
  if (effort === 'minimal') return version >= 500 && version < 501 ? 'minimal' : 'low';
  if (effort === 'xhigh' || effort === 'max' || effort === 'ultra') return version >= 502 ? 'xhigh' : 'high';
  return effort;
}

/** OpenAI names of what a reasoning model of OpenAI refuses at this request's values. */
export function refusedByReasoning(request: ChatRequest, model: string): string[] {
  const { reasons, version } = openAiModel(model);
  if (!reasons) return [];
  const isOff = version >= 501 && request.reasoning !== undefined && effortOf(request.reasoning) === 'none';
  if (isOff) return [];
  const refused: string[] = [];
  if (request.temperature !== undefined && request.temperature !== 1) refused.push('temperature');
  if (request.topP !== undefined && request.topP !== 1) refused.push('top_p');
  if ((request.presencePenalty ?? 0) !== 0) refused.push('presence_penalty');
  if ((request.frequencyPenalty ?? 0) !== 0) refused.push('frequency_penalty');
  if (request.logprobs === true) refused.push('logprobs');
  if (Object.keys(request.logitBias ?? {}).length > 0) refused.push('logit_bias');
  if ((request.stop?.length ?? 0) > 0) refused.push('stop');
  return refused;
}
