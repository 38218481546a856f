/** Sends a chat answer of an OpenAI-compatible upstream, whole or as a stream, with its faults. */
import { pause, refuse, sendJson, streamAnswer } from './answer.js';
import type { Exchange } from './fake-server.js';
import { chatOutputTokens, chatPlan, chatWhole, type ChatContext } from './openai-answer.js';
import { openAiRefusal } from './openai-request.js';

/** Answers; the log says what was generated until the end or the abort. */
export async function sendChat(exchange: Exchange, context: ChatContext, isStream: boolean): Promise<void> {
  const { request, response, gone } = exchange;
  const { behaviour } = context;
  const log = { promptTokens: context.promptTokens, outputTokens: 0 };
  request.generated = log;
  const count = () => void (log.outputTokens += 1);
  const planned = chatOutputTokens(context);
  if (isStream) {
    await streamAnswer(exchange, behaviour, chatPlan(context), count);
    if (behaviour.breakAfter === undefined && !isCutOff(exchange)) log.outputTokens = planned;
    return;
  }
  for (let piece = 0; piece < planned && !gone.aborted; piece += 1) {
    if (behaviour.breakAfter?.pieces === piece) break;
    await pause(behaviour.pieceDelayMs, gone);
    if (!gone.aborted) count();
  }
  if (gone.aborted) return;
  if (behaviour.breakAfter === undefined) sendJson(response, 200, chatWhole(context), behaviour.headers);
  else breakWhole(exchange, context);
}

function isCutOff({ response, gone }: Exchange): boolean {
  return gone.aborted && !response.writableFinished;
}

function breakWhole({ response }: Exchange, context: ChatContext): void {
  const { how, message = 'The server had an error while processing your request.' } =
    context.behaviour.breakAfter ?? {};
  if (how === 'reset') response.socket?.resetAndDestroy();
  if (how === 'reset' || how === 'hang') return;
  // Once it has begun, OpenRouter answers failures with 200.
  if (context.flavour === 'openrouter') {
    sendJson(response, 200, { error: { code: 502, message, metadata: { error_type: 'provider_unavailable' } } });
    return;
  }
  refuse(response, openAiRefusal(500, { message, type: 'server_error' }));
}
