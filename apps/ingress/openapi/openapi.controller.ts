/** GET /openapi.json: the API's own description, for anyone. */
import { Controller, Get, Res } from '@nestjs/common';
import { Environment } from '#config';
import type { HttpReply } from '../completion/completion.controller.js';
import { openApiDocument } from './document.js';
import { operations } from './operations.js';
import { ServedRoutes } from './route-list.client.js';

@Controller()
export class OpenApiController {
  /** Made at the first question: routes do not change while the process runs. */
  private text: string | null = null;

  constructor(
    private readonly routes: ServedRoutes,
    private readonly environment: Environment,
  ) {}

  @Get('openapi.json')
  description(@Res() reply: HttpReply): void {
    this.text ??= JSON.stringify(openApiDocument(this.routes.all(), operations, this.environment.version));
    reply.hijack();
    reply.raw
      .writeHead(200, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(this.text)) })
      .end(this.text);
  }
}
