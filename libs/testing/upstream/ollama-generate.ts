/** POST /api/chat and /api/generate of a fake Ollama host. */
import { isAnsweredOtherwise, pause, refuse, sendJson, streamAnswer } from './answer.js';
import { countTokens, type Behaviour } from './behaviour.js';
import type { Exchange } from './fake-server.js';
import { loadAnswer, outputTokensOf, streamPlan, wholeAnswer, type AnswerContext } from './ollama-answer.js';
import { busy, contextLengthOf, type OllamaHost } from './ollama-host.js';
import type { OllamaModel } from './ollama-models.js';
import {
  OllamaBody,
  capabilityRefusal,
  contextRefusal,
  keepAliveOf,
  ollamaRefusal,
  optionRefusal,
  unreadable,
} from './ollama-request.js';

type Kind = AnswerContext['kind'];

/** Answers a request for text. */
export async function generate(exchange: Exchange, host: OllamaHost, kind: Kind): Promise<void> {
  const { request, response } = exchange;
  const read = OllamaBody.safeParse(request.body);
  if (!read.success) return refuse(response, unreadable(read.error.issues[0], request.text));
  const body = read.data;
  const name = body.model ?? '';
  if (name === '') return refuse(response, ollamaRefusal(400, 'model is required'));
  const model = host.find(name);
  if (model === undefined) return refuse(response, ollamaRefusal(404, `model '${name}' not found`));
  const keepAliveMs = keepAliveOf(body.keep_alive);
  if (typeof keepAliveMs === 'object') return refuse(response, keepAliveMs);
  const refusal = capabilityRefusal(model, name, body) ?? optionRefusal(body.options ?? {});
  if (refusal !== undefined) return refuse(response, refusal);
  const isEmpty = kind === 'chat' ? (body.messages ?? []).length === 0 : (body.prompt ?? '') === '';
  const behaviour = isEmpty ? {} : host.behaviour(name);
  if (await isAnsweredOtherwise(exchange, behaviour)) return;
  const context = contextOf(name, kind, behaviour, body, model);
  if (isEmpty && keepAliveMs === 0) {
    host.unload(name);
    return sendJson(response, 200, loadAnswer(context, 'unload'));
  }
  await run({ exchange, host, body, model, keepAliveMs, isEmpty, context });
}

interface Run {
  readonly exchange: Exchange;
  readonly host: OllamaHost;
  readonly body: OllamaBody;
  readonly model: OllamaModel;
  readonly keepAliveMs: number | undefined;
  readonly isEmpty: boolean;
  readonly context: AnswerContext;
}

async function run({ exchange, host, body, model, keepAliveMs, isEmpty, context }: Run): Promise<void> {
  const { response, gone } = exchange;
  const length = contextLengthOf(model, body);
  const slot = await host.acquire(context.model, length, keepAliveMs, gone);
  if (slot === null) return gone.aborted ? undefined : refuse(response, busy);
  try {
    if (isEmpty) return sendJson(response, 200, loadAnswer(context, 'load'));
    if (body.truncate === false && context.promptTokens > length) {
      return refuse(response, contextRefusal(context.promptTokens, length));
    }
    const promptTokens = Math.min(context.promptTokens, length);
    await send(exchange, { ...context, promptTokens, loadMs: slot.loadMs }, body.stream !== false);
  } finally {
    slot.release();
  }
}

async function send(exchange: Exchange, context: AnswerContext, isStream: boolean): Promise<void> {
  const { request, response, gone } = exchange;
  const { behaviour } = context;
  const log = { promptTokens: context.promptTokens, outputTokens: 0 };
  request.generated = log;
  const count = () => void (log.outputTokens += 1);
  if (isStream) await streamAnswer(exchange, behaviour, streamPlan(context), count);
  else await computeWhole(exchange, behaviour, outputTokensOf(context), count);
  if (gone.aborted && !response.writableFinished) return;
  if (behaviour.breakAfter === undefined) log.outputTokens = outputTokensOf(context);
  if (isStream || gone.aborted) return;
  if (behaviour.breakAfter?.how === 'reset') response.socket?.resetAndDestroy();
  else if (behaviour.breakAfter === undefined) sendJson(response, 200, wholeAnswer(context), behaviour.headers);
  else if (behaviour.breakAfter.how !== 'hang') refuse(response, brokenRunner(behaviour.breakAfter.message));
}

/** A whole answer takes as long as its pieces would, and an abort stops at a piece. */
async function computeWhole(
  { gone }: Exchange,
  behaviour: Behaviour,
  pieces: number,
  count: () => void,
): Promise<void> {
  for (let piece = 0; piece < pieces && !gone.aborted; piece += 1) {
    if (behaviour.breakAfter?.pieces === piece) return;
    await pause(behaviour.pieceDelayMs, gone);
    if (!gone.aborted) count();
  }
}

function contextOf(
  name: string,
  kind: Kind,
  behaviour: Behaviour,
  body: OllamaBody,
  model: OllamaModel,
): AnswerContext {
  const limit = body.options?.['num_predict'];
  const text = [body.prompt ?? '', ...(body.messages ?? []).map((message) => message.content ?? '')].join(' ');
  return {
    model: name,
    kind,
    behaviour,
    isJinja: model.isJinja ?? false,
    promptTokens: behaviour.promptTokens ?? countTokens(text) + 4,
    limit: typeof limit === 'number' ? limit : undefined,
    loadMs: 0,
  };
}

function brokenRunner(message = 'unexpected EOF') {
  return ollamaRefusal(500, `an error was encountered while running the model: ${message}`);
}
