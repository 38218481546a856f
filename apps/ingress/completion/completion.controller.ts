/** OpenAI's generating endpoints: a body becomes a job, and the runner answers it. Both with and without `/v1`. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { parseChatBody, parseCompletionBody, parseEmbeddingBody, parseResponsesBody, type ParsedBody } from '#wire';
import { CompletionEntry } from './completion-entry.client.js';
import { asChat, parsedJob } from './parsed-job.js';

/** What we use of Fastify's request and reply. */
export interface HttpRequest {
  readonly raw: IncomingMessage;
  readonly body: unknown;
}
export interface HttpReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
}

/** The last is how Azure's newer clients write it. */
@Controller(['v1', '', 'openai/v1'])
export class CompletionController {
  constructor(private readonly entry: CompletionEntry) {}

  @Post(['chat/completions', 'engines/:model/chat/completions', 'openai/deployments/:model/chat/completions'])
  chat(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const facts = { dialect: 'openai-chat', answerDialect: 'openai-chat', endpoint: 'chat' } as const;
    return this.entry.answer(request, reply, (body) => parsedJob(parseChatBody(body), facts, asChat));
  }

  @Post(['completions', 'engines/:model/completions', 'openai/deployments/:model/completions'])
  completion(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const facts = { dialect: 'openai-completion', answerDialect: 'openai-completion', endpoint: 'completion' } as const;
    return this.entry.answer(request, reply, (body) =>
      parsedJob(parseCompletionBody(body), facts, (completion) => ({ kind: 'completion', request: completion })),
    );
  }

  @Post(['embeddings', 'engines/:model/embeddings', 'openai/deployments/:model/embeddings'])
  embedding(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const facts = { dialect: 'openai-embedding', answerDialect: 'other', endpoint: 'embedding' } as const;
    return this.entry.answer(request, reply, (body) =>
      parsedJob(whole(parseEmbeddingBody(body)), facts, (embedding) => ({ kind: 'embedding', request: embedding })),
    );
  }

  @Post('responses')
  responses(@Req() request: HttpRequest, @Res() reply: HttpReply): Promise<void> {
    const facts = { dialect: 'openai-responses', answerDialect: 'openai-responses', endpoint: 'chat' } as const;
    return this.entry.answer(request, reply, (body) => parsedJob(parseResponsesBody(body), facts, asChat));
  }
}

/** A body whose answer is never a stream. */
function whole<T>(body: ParsedBody<T>): ParsedBody<T & { stream: false; includeUsage: false }> {
  return body.kind === 'invalid' ? body : { kind: 'ok', value: { ...body.value, stream: false, includeUsage: false } };
}
