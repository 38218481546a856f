/** The lines of Ollama's native answers. Pure. */
import { randomBytes } from 'node:crypto';
import type { StreamPlan } from './answer.js';
import { piecesOf, type Behaviour } from './behaviour.js';

export interface AnswerContext {
  /** The name as the client wrote it: Ollama echoes that. */
  readonly model: string;
  readonly kind: 'chat' | 'generate';
  readonly behaviour: Behaviour;
  readonly isJinja: boolean;
  readonly promptTokens: number;
  /** num_predict; undefined = until the end. */
  readonly limit: number | undefined;
  readonly loadMs: number;
}

const nanoseconds = (ms: number) => Math.round(ms * 1e6);

function head(context: AnswerContext): Record<string, unknown> {
  return { model: context.model, created_at: new Date().toISOString().replace('Z', '123456Z') };
}

function body(context: AnswerContext, content: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  if (context.kind === 'chat') return { message: { role: 'assistant', content, ...more } };
  return { response: content, ...more };
}

function toolCall(context: AnswerContext, index: number): Record<string, unknown> | undefined {
  const call = context.behaviour.toolCalls?.[index];
  if (call === undefined) return undefined;
  const id = context.isJinja ? randomBytes(16).toString('hex') : `call_${randomBytes(4).toString('hex')}`;
  return { id, function: { index, name: call.name, arguments: call.arguments } };
}

/** Counts are left out where they are zero. */
function counts(context: AnswerContext, outputTokens: number): Record<string, unknown> {
  const all = {
    total_duration: nanoseconds(context.loadMs + 12),
    load_duration: nanoseconds(context.loadMs + 1),
    prompt_eval_count: context.promptTokens,
    prompt_eval_duration: nanoseconds(3),
    eval_count: outputTokens,
    eval_duration: nanoseconds(8),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
}

/** What is generated: pieces with their kind, cut at num_predict. */
function generated(context: AnswerContext): { parts: Record<string, unknown>[]; isCut: boolean } {
  const { thinking, text } = piecesOf(context.behaviour);
  const calls = (context.behaviour.toolCalls ?? []).map((_call, index) => toolCall(context, index));
  const parts = [
    ...thinking.map((piece) => body(context, '', { thinking: piece })),
    ...text.map((piece) => body(context, piece)),
    ...(context.isJinja ? [] : calls.map((call) => body(context, '', { tool_calls: [call] }))),
  ];
  const limit = context.limit !== undefined && context.limit > 0 ? context.limit : parts.length;
  return { parts: parts.slice(0, limit), isCut: parts.length > limit };
}

/** Number of tokens an answer has when it is sent to its end. */
export function outputTokensOf(context: AnswerContext): number {
  const jinjaCalls = context.isJinja ? (context.behaviour.toolCalls?.length ?? 0) : 0;
  return context.behaviour.outputTokens ?? generated(context).parts.length + jinjaCalls;
}

function doneReason(context: AnswerContext, isCut: boolean): string {
  return context.behaviour.finish ?? (isCut ? 'length' : 'stop');
}

/** The stream: one line for each piece, and the line with the counts. */
export function streamPlan(context: AnswerContext): StreamPlan {
  const { parts, isCut } = generated(context);
  const line = (part: object, rest: object) => `${JSON.stringify({ ...head(context), ...part, ...rest })}\n`;
  const calls = context.isJinja
    ? context.behaviour.toolCalls?.map((_call, index) => toolCall(context, index))
    : undefined;
  const last = body(context, '', calls === undefined ? {} : { tool_calls: calls });
  const more = context.kind === 'generate' ? { context: [355, 331, 332] } : {};
  return {
    contentType: 'application/x-ndjson',
    opening: [],
    pieces: parts.map((part) => line(part, { done: false })),
    closing: [
      line(last, {
        done: true,
        done_reason: doneReason(context, isCut),
        ...more,
        ...counts(context, outputTokensOf(context)),
      }),
    ],
    failure: (message) =>
      `${JSON.stringify({ error: `an error was encountered while running the model: ${message}` })}\n`,
  };
}

/** The whole answer of `stream: false`. */
export function wholeAnswer(context: AnswerContext): Record<string, unknown> {
  const { parts, isCut } = generated(context);
  const { thinking, text } = piecesOf(context.behaviour);
  const shown = context.limit !== undefined && context.limit > 0 ? context.limit : Infinity;
  const calls = (context.behaviour.toolCalls ?? []).map((_call, index) => toolCall(context, index));
  const more = {
    ...(thinking.length === 0 ? {} : { thinking: thinking.slice(0, shown).join('') }),
    ...(calls.length === 0 || isCut ? {} : { tool_calls: calls }),
  };
  const content = text.slice(0, Math.max(0, Math.min(parts.length, shown) - thinking.length)).join('');
  return {
    ...head(context),
    ...body(context, content, more),
    done: true,
    done_reason: doneReason(context, isCut),
    ...(context.kind === 'generate' ? { context: [355, 331, 332] } : {}),
    ...counts(context, outputTokensOf(context)),
  };
}

/** The answer to a request without messages or prompt: the model was only loaded, or unloaded. */
export function loadAnswer(context: AnswerContext, reason: 'load' | 'unload'): Record<string, unknown> {
  return { ...head(context), ...body(context, ''), done: true, done_reason: reason };
}

/** A vector of length 1 that depends on the text only. */
export function vectorOf(text: string, length: number): number[] {
  const seed = 1 + Buffer.from(text).reduce((sum, byte) => (sum * 31 + byte) % 997, 7);
  const raw = Array.from({ length }, (_none, index) => Math.sin((index + 1) * seed));
  const norm = Math.hypot(...raw);
  return raw.map((value) => Math.fround(value / norm));
}
