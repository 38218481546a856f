/** The console's page and its files: /ui; / and /admin lead there. */
import type { IncomingMessage } from 'node:http';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import { GatewayError } from '#contracts';
import type { HttpReply, HttpRequest } from '../completion/completion.controller.js';
import { ConsoleFiles, type ConsoleFile } from './console-files.client.js';
import { pageHeaders } from './page-headers.js';

@Controller()
export class ConsolePagesController {
  constructor(private readonly files: ConsoleFiles) {}

  @Get(['', 'admin'])
  leadThere(@Res() reply: HttpReply): void {
    reply.hijack();
    reply.raw.writeHead(302, { location: '/ui', 'content-length': '0' }).end();
  }

  @Get('ui')
  page(@Req() request: HttpRequest, @Res() reply: HttpReply): void {
    this.send(request.raw, reply, 'index.html');
  }

  @Get('ui/*')
  file(@Req() request: HttpRequest, @Res() reply: HttpReply, @Param('*') path: string): void {
    this.send(request.raw, reply, path === '' ? 'index.html' : path);
  }

  /** The page that shows the API's description. */
  @Get('docs')
  docs(@Req() request: HttpRequest, @Res() reply: HttpReply): void {
    this.send(request.raw, reply, 'docs.html');
  }

  private send(request: IncomingMessage, reply: HttpReply, path: string): void {
    const file = this.files.find(path);
    if (file === null)
      throw new GatewayError('not_found', {
        message: path === 'index.html' ? 'The console is not built: run `npm run build`.' : 'There is no such file.',
      });
    reply.hijack();
    if (request.headers['if-none-match'] === file.etag) {
      reply.raw.writeHead(304, pageHeaders(path, file)).end();
      return;
    }
    sendFile(request, reply, path, file);
  }
}

function sendFile(request: IncomingMessage, reply: HttpReply, path: string, file: ConsoleFile): void {
  const zipped = /\bgzip\b/.test(request.headers['accept-encoding']?.toString() ?? '');
  const bytes = zipped ? file.gzipped : file.bytes;
  reply.raw
    .writeHead(200, {
      ...pageHeaders(path, file),
      ...(zipped ? { 'content-encoding': 'gzip' } : {}),
      'content-length': String(bytes.byteLength),
    })
    .end(bytes);
}
