/** OpenAI's generating endpoints: a body becomes a job, and the runner answers it. Both with and without `/v1`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { parseChatBody, parseCompletionBody, parseEmbeddingBody, parseResponsesBody } from '#wire';
import { CompletionEntry } from './completion-entry.client.js';

/** What we use of Fastify's request and reply. */
export interface HttpRequest {
  readonly raw: IncomingMessage;
  readonly body: unknown;
}
export interface HttpReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

@Controller(['v1', ''])
export class CompletionController {
  constructor(private readonly entry: CompletionEntry) {}

  @Post(['chat/completions', 'engines/:model/chat/completions', 'openai/deployments/:model/chat/completions'])
  chat(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.entry.answer(request, reply, (body) => {
      const parsed = parseChatBody(body);
      if (parsed.kind === 'invalid') return parsed;
      const { request: chat, ...rest } = parsed.value;
      return {
        kind: 'ok',
        value: {
          ...rest,
          dialect: 'openai-chat',
          answerDialect: 'openai-chat',
          endpoint: 'chat',
          parsed: { kind: 'chat', request: chat },
        },
      };
    });
  }

  @Post(['completions', 'engines/:model/completions', 'openai/deployments/:model/completions'])
  completion(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.entry.answer(request, reply, (body) => {
      const parsed = parseCompletionBody(body);
      if (parsed.kind === 'invalid') return parsed;
      const { request: completion, ...rest } = parsed.value;
      return {
        kind: 'ok',
        value: {
          ...rest,
          dialect: 'openai-completion',
          answerDialect: 'openai-completion',
          endpoint: 'completion',
          parsed: { kind: 'completion', request: completion },
        },
      };
    });
  }

  @Post(['embeddings', 'engines/:model/embeddings', 'openai/deployments/:model/embeddings'])
  embedding(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.entry.answer(request, reply, (body) => {
      const parsed = parseEmbeddingBody(body);
      if (parsed.kind === 'invalid') return parsed;
      const { request: embedding, ...rest } = parsed.value;
      return {
        kind: 'ok',
        value: {
          ...rest,
          stream: false,
          includeUsage: false,
          dialect: 'openai-embedding',
          answerDialect: 'other',
          endpoint: 'embedding',
          parsed: { kind: 'embedding', request: embedding },
        },
      };
    });
  }

  @Post('responses')
  responses(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    return this.entry.answer(request, reply, (body) => {
      const parsed = parseResponsesBody(body);
      if (parsed.kind === 'invalid') return parsed;
      const { request: chat, ...rest } = parsed.value;
      return {
        kind: 'ok',
        value: {
          ...rest,
          dialect: 'openai-responses',
          answerDialect: 'openai-responses',
          endpoint: 'chat',
          parsed: { kind: 'chat', request: chat },
        },
      };
    });
  }
}
