/** Opens token streams to workers. The subject follows from the attempt, and a local demand never leaves `infer.local.*`. */
import { Injectable } from '@nestjs/common';
import { Bus, type ReceivedStream } from '#bus';
import { fillSubject, inferSubjects, type InferOpen } from '#contracts';

@Injectable()
export class ProviderClient {
  constructor(private readonly bus: Bus) {}

  /** The frames of the attempt. Aborting `signal` cancels the worker; its last words still come. */
  open(open: InferOpen, mustStayLocal: boolean, signal: AbortSignal): ReceivedStream {
    const kind = mustStayLocal ? 'local' : open.attempt.kind;
    const subject = fillSubject(inferSubjects[kind], { backend: open.attempt.backend.id });
    return this.bus.openStream(subject, open, { signal });
  }
}
