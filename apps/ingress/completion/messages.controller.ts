/** Anthropic's endpoints, in front of any backend. */
import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { GatewayError, type KeyRecord, type RequestId } from '#contracts';
import { estimateChatTokens, parseCountTokensBody, parseMessagesBody } from '#wire';
import { Access } from '../access/access.client.js';
import { readJsonObject } from '../http/json-body.js';
import { scopeOf } from '../http/request-scope.js';
import { CompletionEntry, headersOf, invalidBody, singleHeader } from './completion-entry.client.js';
import type { HttpReply, HttpRequest } from './completion.controller.js';
import { lookUpQuery } from './look-up-query.js';
import { OutcomePublisher } from './outcome.publisher.js';
import { asChat, parsedJob } from './parsed-job.js';
import { Planner } from './planner.client.js';

@Controller(['v1/messages', 'messages'])
export class MessagesController {
  constructor(
    private readonly entry: CompletionEntry,
    private readonly access: Access,
    private readonly planner: Planner,
    private readonly outcomes: OutcomePublisher,
  ) {}

  @Post()
  messages(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const facts = { dialect: 'anthropic-messages', answerDialect: 'anthropic-messages', endpoint: 'chat' } as const;
    const beta = singleHeader(request.raw, 'anthropic-beta') ?? undefined;
    return this.entry.answer(request, reply, (body) => parsedJob(parseMessagesBody(body, { beta }), facts, asChat));
  }

  /** An estimate of our own: no backend is asked. */
  @Post('count_tokens')
  @HttpCode(200)
  async countTokens(@Req() request: HttpRequest): Promise<{ input_tokens: number }> {
    const key = await this.access.authenticate(headersOf(request.raw), request.raw.socket.remoteAddress ?? '');
    scopeOf(request.raw).isAdmin = key.role !== 'user';
    const parsed = parseCountTokensBody(readJsonObject(this.entry.bodyOf(request)));
    if (parsed.kind === 'invalid') throw invalidBody(parsed);
    if (parsed.value.request.messages.length === 0)
      throw new GatewayError('invalid_request', {
        message: 'messages: at least one message is required',
        param: 'messages',
      });
    await this.requireModel(key, parsed.value.model, scopeOf(request.raw).requestId);
    return { input_tokens: estimateChatTokens(parsed.value.request) };
  }

  /** Throws where this key has no such model; one that cannot answer just now can be counted for all the same. */
  private async requireModel(key: KeyRecord, model: string, requestId: RequestId): Promise<void> {
    try {
      const { attempts } = await this.planner.plan(lookUpQuery(key, model, requestId));
      if (attempts[0] !== undefined) this.outcomes.unused(requestId, attempts[0]);
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (error.code === 'model_not_found' || error.code === 'model_not_allowed') throw error;
    }
  }
}
