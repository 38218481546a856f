/** GET /v1/models, /v1/models/ID and /v1/model/info: what this key may use. */
import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import { Bus } from '#bus';
import { closestName } from '#config';
import { GatewayError, RouterModels, type ModelCard } from '#contracts';
import { Snapshots } from '#service';
import { anthropicModelList, anthropicModelObject, modelGroupList, modelInfoList, modelList, modelObject } from '#wire';
import { Authenticator } from '../access/authenticator.client.js';
import type { HttpRequest } from '../completion/completion.controller.js';
import { modelsQuery } from '../completion/look-up-query.js';
import { scopeOf } from '../http/request-scope.js';
import { listedModel, modelGroupOf, modelInfoOf } from './model-cards.js';

@Controller(['v1', ''])
export class ModelsController {
  constructor(
    private readonly bus: Bus,
    private readonly authenticator: Authenticator,
    private readonly snapshots: Snapshots,
  ) {}

  @Get('models')
  async list(@Req() request: HttpRequest): Promise<object> {
    const models = (await this.cards(request)).map(listedModel);
    return speaksAnthropic(request) ? anthropicModelList(models) : modelList(models);
  }

  /** Names hold slashes and colons, encoded or not. */
  @Get('models/*')
  async one(@Req() request: HttpRequest, @Param('*') name: string): Promise<object> {
    const cards = await this.cards(request);
    const card = cards.find((candidate) => candidate.id === name);
    if (card === undefined) throw unknownModel(name, cards);
    return speaksAnthropic(request) ? anthropicModelObject(listedModel(card)) : modelObject(listedModel(card));
  }

  @Get('model/info')
  async info(@Req() request: HttpRequest, @Query('litellm_model_id') id?: string): Promise<object> {
    const cards = await this.cards(request);
    const all = this.snapshots.current()?.deployments ?? [];
    const deployments = id === undefined ? all : all.filter((deployment) => deployment.id === id);
    const infos = cards.flatMap((card) =>
      deployments
        .filter((deployment) => card.deploymentIds.includes(deployment.id))
        .map((deployment) => modelInfoOf(card, deployment)),
    );
    if (id !== undefined && infos.length === 0) throw new GatewayError('model_not_found', { model: id });
    return modelInfoList(infos);
  }

  @Get('model_group/info')
  async groups(@Req() request: HttpRequest, @Query('model_group') name?: string): Promise<object> {
    const cards = await this.cards(request);
    const deployments = this.snapshots.current()?.deployments ?? [];
    const shown = name === undefined ? cards : cards.filter(({ id }) => id === name);
    return modelGroupList(shown.map((card) => modelGroupOf(card, deployments)));
  }

  private async cards(request: HttpRequest): Promise<readonly ModelCard[]> {
    const key = await this.authenticator.authenticate(request.raw.headers, request.raw.socket.remoteAddress ?? '');
    scopeOf(request.raw).isAdmin = key.role !== 'user';
    const { models } = await this.bus.request(RouterModels, modelsQuery(key));
    return models;
  }
}

function unknownModel(name: string, cards: readonly ModelCard[]): GatewayError {
  const meant = closestName(
    name,
    cards.map((card) => card.id),
  );
  const hint = meant === null ? {} : { hint: `Did you mean '${meant}'?` };
  return new GatewayError('model_not_found', { model: name, param: 'model', ...hint });
}

function speaksAnthropic(request: HttpRequest): boolean {
  return request.raw.headers['anthropic-version'] !== undefined;
}
