/** Endpoints that are passed through to OpenAI-compatible deployments of that mode: rerank, audio, images, moderations. */
import { Controller, Post, Req, Res } from '@nestjs/common';
import { Bus } from '#bus';
import { RouterModels, type ClientDialect, type Endpoint, type KeyRecord } from '#contracts';
import { parsePassthroughForm, parsePassthroughJson, passthroughEndpoints, type PassthroughEndpoint } from '#wire';
import { isForm, readForm } from '../http/form-body.js';
import { readJsonObject } from '../http/json-body.js';
import { CompletionEntry, missingModel, modelInPath, singleHeader } from './completion-entry.client.js';
import type { HttpReply, HttpRequest } from './completion.controller.js';
import { modelsQuery } from './look-up-query.js';

/** The spellings of a path: with and without /v1, and as Azure's clients write it. */
function pathsOf({ path }: PassthroughEndpoint): string[] {
  return [`v1/${path}`, path, `openai/deployments/:model/${path}`];
}

const at = passthroughEndpoints;

const dialects: Readonly<Record<PassthroughEndpoint['endpoint'], ClientDialect>> = {
  rerank: 'openai-rerank',
  transcription: 'openai-transcription',
  speech: 'openai-speech',
  image: 'openai-image',
  moderation: 'openai-moderation',
};

@Controller()
export class PassthroughController {
  constructor(
    private readonly entry: CompletionEntry,
    private readonly bus: Bus,
  ) {}

  /** Cohere's clients say v2. */
  @Post([...pathsOf(at.rerank), 'v2/rerank'])
  rerank(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.rerank);
  }

  @Post(pathsOf(at.moderations))
  moderations(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.moderations);
  }

  @Post(pathsOf(at.speech))
  speech(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.speech);
  }

  @Post(pathsOf(at.transcriptions))
  transcriptions(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.transcriptions);
  }

  @Post(pathsOf(at.translations))
  translations(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.translations);
  }

  @Post(pathsOf(at.generations))
  generations(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.generations);
  }

  @Post(pathsOf(at.edits))
  edits(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.edits);
  }

  @Post(pathsOf(at.variations))
  variations(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.answer(request, reply, at.variations);
  }

  private answer(request: HttpRequest, reply: HttpReply, target: PassthroughEndpoint): Promise<void> {
    return this.entry.answerBytes(request, reply, async (bytes, key) => {
      const contentType = singleHeader(request.raw, 'content-type');
      const parsed = isForm(contentType)
        ? parsePassthroughForm(await readForm(bytes, contentType), target)
        : parsePassthroughJson(readJsonObject(bytes), target);
      if (parsed.kind === 'invalid') return parsed;
      const { request: raw, ...rest } = parsed.value;
      const model = modelInPath(request.raw.url ?? '') ?? rest.model ?? (await this.firstOf(target.endpoint, key));
      if (model === null) return missingModel;
      return {
        kind: 'ok',
        value: {
          ...rest,
          model,
          includeUsage: false,
          dialect: dialects[target.endpoint],
          answerDialect: 'other',
          endpoint: target.endpoint,
          parsed: { kind: 'raw', request: raw },
        },
      };
    });
  }

  /** OpenAI has a default for a model that is left out; here it is the first of that mode that the key may use. */
  private async firstOf(endpoint: Endpoint, key: KeyRecord): Promise<string | null> {
    const { models } = await this.bus.request(RouterModels, modelsQuery(key));
    return models.find((card) => card.mode === endpoint)?.id ?? null;
  }
}
