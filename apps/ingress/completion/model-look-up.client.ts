/** Asks for a model without using it: may this key have it, and what would serve it. */
import { Injectable } from '@nestjs/common';
import { GatewayError, type Attempt, type KeyRecord, type RequestId } from '#contracts';
import { lookUpQuery } from './look-up-query.js';
import { OutcomePublisher } from './outcome.publisher.js';
import { Planner } from './planner.client.js';

@Injectable()
export class ModelLookUp {
  constructor(
    private readonly planner: Planner,
    private readonly outcomes: OutcomePublisher,
  ) {}

  /**
   * What would serve the model, null where nothing can just now; throws model_not_found or model_not_allowed where this key
   * has no such model.
   */
  async find(key: KeyRecord, model: string, requestId: RequestId): Promise<Attempt | null> {
    try {
      const { attempts } = await this.planner.plan(lookUpQuery(key, model, requestId));
      if (attempts[0] === undefined) return null;
      this.outcomes.unused(requestId, attempts[0]);
      return attempts[0];
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (error.code === 'model_not_found' || error.code === 'model_not_allowed') throw error;
      return null;
    }
  }
}
