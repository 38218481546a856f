/** LiteLLM's utilities: tokens of a prompt and what a request costs, without asking any model. */
import { Controller, HttpCode, Post, Req } from '@nestjs/common';
import { GatewayError, type KeyRecord } from '#contracts';
import { costOf } from '#pricing';
import { Authenticator } from '../access/authenticator.client.js';
import { readJsonObject } from '../http/json-body.js';
import { scopeOf } from '../http/request-scope.js';
import { CompletionEntry, headersOf } from './completion-entry.client.js';
import type { HttpRequest } from './completion.controller.js';
import { countedBody, pricedBody } from './counted-body.js';
import { ModelLookUp } from './model-look-up.client.js';

@Controller()
export class UtilitiesController {
  constructor(
    private readonly entry: CompletionEntry,
    private readonly authenticator: Authenticator,
    private readonly models: ModelLookUp,
  ) {}

  @Post('utils/token_counter')
  @HttpCode(200)
  async countTokens(@Req() request: HttpRequest): Promise<object> {
    const key = await this.callerOf(request);
    const { model, inputTokens } = countedBody(readJsonObject(this.entry.bodyOf(request)));
    const attempt = await this.models.find(key, model, scopeOf(request.raw).requestId);
    const used = attempt?.upstreamModel ?? model;
    return {
      total_tokens: inputTokens,
      request_model: model,
      model_used: used,
      model: used,
      tokenizer_type: 'local_estimate',
    };
  }

  @Post('spend/calculate')
  @HttpCode(200)
  async calculate(@Req() request: HttpRequest): Promise<{ cost: number }> {
    const key = await this.callerOf(request);
    const { model, ...tokens } = pricedBody(readJsonObject(this.entry.bodyOf(request)));
    const attempt = await this.models.find(key, model, scopeOf(request.raw).requestId);
    if (attempt === null) throw new GatewayError('no_healthy_backend', { model });
    if (attempt.price === null && attempt.backend.kind === 'cloud')
      throw new GatewayError('model_not_priced', { model });
    if (attempt.price === null) return { cost: 0 };
    return { cost: costOf({ ...tokens, cacheWriteTokens: 0 }, attempt.price) / 1_000_000_000 };
  }

  private async callerOf(request: HttpRequest): Promise<KeyRecord> {
    const key = await this.authenticator.authenticate(headersOf(request.raw), request.raw.socket.remoteAddress ?? '');
    scopeOf(request.raw).isAdmin = key.role !== 'user';
    return key;
  }
}
