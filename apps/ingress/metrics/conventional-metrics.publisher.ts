/** Tells the metrics of the GenAI conventions of each request, where the config asks for them. */
import { Injectable } from '@nestjs/common';
import { Snapshots } from '#service';
import { Metrics } from '#telemetry';
import { countServed, type ServedRequest } from './served-request.js';

@Injectable()
export class ServerConventions {
  constructor(
    private readonly metrics: Metrics,
    private readonly snapshots: Snapshots,
  ) {}

  /** Whether they are wanted now: who asks first need not describe a request for nobody. */
  get areWanted(): boolean {
    return this.snapshots.current()?.general.conventionalMetrics === true;
  }

  finished(request: ServedRequest): void {
    countServed(this.metrics, request);
  }
}
