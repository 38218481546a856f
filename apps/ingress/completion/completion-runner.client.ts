/**
 * One request, from its parsed body to its last byte: plan, admission, attempts, delivery, settlement. The steps are
 * elsewhere; this is their order.
 */
import { Injectable } from '@nestjs/common';
import {
  strictestDataPolicy,
  type Attempt,
  type ClientDialect,
  type DataPolicy,
  type Endpoint,
  type KeyRecord,
  type Plan,
  type PlanQuery,
  type Priority,
} from '#contracts';
import { Snapshots } from '#service';
import { withSpan } from '#telemetry';
import type { AnswerDialect, AnswerSettings, GatewayFields } from '#wire';
import { CachedDelivery } from '../cache/cached-delivery.client.js';
import { ResponseCache, type CacheTicket } from '../cache/response-cache.client.js';
import { AnswerText } from '../callbacks/answer-text.js';
import { Access, type Admission } from '../access/access.client.js';
import { InFlight } from '../http/in-flight.js';
import { hold, letGo, timed, type RequestScope } from '../http/request-scope.js';
import type { ResponseWriter } from '../http/sse-writer.js';
import { AttemptRun } from './attempt-run.client.js';
import { askedModelOf, planKeyOf } from './look-up-query.js';
import { inClientWords } from './dialect-words.js';
import { Planner } from './planner.client.js';
import { traceBudgets } from './request-trace.client.js';
import { RequestJournal } from './request-journal.publisher.js';
import { factsOf, lastUserTextOf, type ParsedRequest, type RequestFacts } from './request-facts.js';
import { mayBeScored } from './scored-names.js';
import {
  demandedPolicyOf,
  endUserOf,
  maxWaitOf,
  overridesOf,
  priorityOf,
  type HeaderReader,
} from './request-overrides.js';

/** A request whose caller is known and whose body was understood. */
export interface CompletionJob {
  readonly dialect: ClientDialect;
  readonly answerDialect: AnswerDialect | 'other';
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly parsed: ParsedRequest;
  readonly gateway: GatewayFields;
  readonly answerSettings?: AnswerSettings;
  readonly key: KeyRecord;
  readonly header: HeaderReader;
  readonly scope: RequestScope;
  readonly writer: ResponseWriter;
}

/** What the steps of one request share. */
export interface RunningRequest {
  readonly job: CompletionJob;
  readonly facts: RequestFacts;
  readonly plan: Plan;
  readonly admission: Admission;
  readonly dataPolicy: DataPolicy | null;
  readonly maxWaitMs: number | null;
  readonly priority: Priority;
  readonly tags: readonly string[];
  /** How it uses the response cache; null where it does not. */
  readonly cache: CacheTicket | null;
  /** Collects the answer, where a callback is told it. */
  readonly answer: AnswerText | null;
}

@Injectable()
export class CompletionRunner {
  constructor(
    private readonly planner: Planner,
    private readonly access: Access,
    private readonly attempts: AttemptRun,
    private readonly journal: RequestJournal,
    private readonly snapshots: Snapshots,
    private readonly inFlight: InFlight,
    private readonly cache: ResponseCache,
    private readonly cached: CachedDelivery,
  ) {}

  /** Answers the request; throws GatewayError as long as nothing was sent. */
  async run(job: CompletionJob): Promise<void> {
    const facts = factsOf(job.parsed);
    const query = this.queryOf(job, facts);
    const maxWaitMs = maxWaitOf(job.header) ?? job.key.maxWaitMs;
    const priority = priorityOf(job.header, job.key.priority);
    hold(job.scope);
    try {
      const plan = await timed(job.scope, 'route', () => this.planner.plan(query));
      const admission = await this.admit(job, facts, query, plan);
      traceBudgets(job.scope.span, admission.warnings);
      const running = {
        job,
        facts,
        plan: { ...plan, attempts: [...admission.attempts] },
        admission,
        dataPolicy: query.dataPolicy,
        maxWaitMs,
        priority,
        tags: query.overrides.tags,
        cache: this.cacheTicketOf(job, query),
        answer: this.journal.listens(job, query.dataPolicy) ? new AnswerText() : null,
      };
      await this.answer(running);
    } catch (error) {
      this.journal.rejected(job, error);
      throw inClientWords(error, job.dialect);
    } finally {
      letGo(job.scope);
    }
  }

  /** Lets it in. A plan that is not carried out is given back: the limits of its model are not those of who is refused. */
  private async admit(job: CompletionJob, facts: RequestFacts, query: PlanQuery, plan: Plan): Promise<Admission> {
    const admitted = () =>
      this.access.admit({
        requestId: job.scope.requestId,
        key: job.key,
        model: job.model,
        attempts: plan.attempts,
        inputTokens: facts.inputTokens,
        maxOutputTokens: facts.maxOutputTokens,
        choices: facts.choices,
        endUser: endUserOf(job.gateway, job.header, this.snapshots.current()?.general.userHeaders),
        tags: query.overrides.tags,
        generates: job.parsed.kind === 'chat' || job.parsed.kind === 'completion',
        ...(facts.units === undefined ? {} : { units: facts.units }),
        onLimits: (headers) => {
          job.scope.limitHeaders = headers;
        },
      });
    const [planned] = plan.attempts;
    let first: Attempt | undefined;
    try {
      const admission = await timed(job.scope, 'limits', () => withSpan('gateway.admit', {}, admitted));
      [first] = admission.attempts;
      return admission;
    } finally {
      if (planned !== undefined && planned.deploymentId !== first?.deploymentId) this.journal.unused(job, planned);
    }
  }

  private async answer(running: RunningRequest): Promise<void> {
    const hit = running.cache === null ? null : await this.cache.find(running.cache, running.plan);
    if (hit === null) await this.attempts.run(running, this.inFlight.shutdown);
    else await this.cached.deliver(running, hit);
  }

  private cacheTicketOf(job: CompletionJob, { dataPolicy }: PlanQuery): CacheTicket | null {
    const { key, model, parsed, gateway } = job;
    if (gateway.stagedFailure !== undefined) return null;
    return this.cache.ticketFor({ key, model, parsed, controls: gateway.cache, dataPolicy });
  }

  private queryOf(job: CompletionJob, facts: RequestFacts): PlanQuery {
    const { key, header } = job;
    const asked = askedModelOf(key, job.model);
    const overrides = overridesOf(job.gateway, header);
    const snapshot = this.snapshots.current();
    const isScored = snapshot !== null && mayBeScored(snapshot, asked.model, overrides);
    return {
      v: 1,
      requestId: job.scope.requestId,
      ...asked,
      endpoint: job.endpoint,
      stream: job.stream,
      needs: job.gateway.dropParams === true ? { ...facts.needs, nativeTool: undefined } : facts.needs,
      inputTokens: facts.inputTokens,
      maxOutputTokens: facts.maxOutputTokens,
      key: planKeyOf(key),
      dataPolicy: strictestDataPolicy([key.dataPolicy, demandedPolicyOf(header)]) ?? null,
      overrides,
      affinity: header('x-session-affinity') ?? header('x-session-id'),
      lastUserText: isScored ? lastUserTextOf(job.parsed) : null,
      exclude: [],
    };
  }
}
