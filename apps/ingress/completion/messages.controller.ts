/** Anthropic's endpoints, in front of any backend. */
import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { GatewayError } from '#contracts';
import { estimateChatTokens, parseCountTokensBody, parseMessagesBody } from '#wire';
import { Authenticator } from '../access/authenticator.client.js';
import { readJsonObject } from '../http/json-body.js';
import { scopeOf } from '../http/request-scope.js';
import { CompletionEntry, headersOf, invalidBody, singleHeader } from './completion-entry.client.js';
import type { HttpReply, HttpRequest } from './completion.controller.js';
import { ModelLookUp } from './model-look-up.client.js';
import { asChat, parsedJob } from './parsed-job.js';

@Controller(['v1/messages', 'messages'])
export class MessagesController {
  constructor(
    private readonly entry: CompletionEntry,
    private readonly authenticator: Authenticator,
    private readonly models: ModelLookUp,
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
    const key = await this.authenticator.authenticate(headersOf(request.raw), request.raw.socket.remoteAddress ?? '');
    scopeOf(request.raw).isAdmin = key.role !== 'user';
    const parsed = parseCountTokensBody(readJsonObject(this.entry.bodyOf(request)));
    if (parsed.kind === 'invalid') throw invalidBody(parsed);
    if (parsed.value.request.messages.length === 0)
      throw new GatewayError('invalid_request', {
        message: 'messages: at least one message is required',
        param: 'messages',
      });
    await this.models.find(key, parsed.value.model, scopeOf(request.raw).requestId);
    return { input_tokens: estimateChatTokens(parsed.value.request) };
  }
}
