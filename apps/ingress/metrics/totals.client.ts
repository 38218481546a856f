/** The suite's totals under LiteLLM's names: requests of every ingress as they are told, the rest when somebody asks. */
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus';
import { ListKeys, ListTeams, ListUsers, RequestFinished, RouterFleet } from '#contracts';
import { Snapshots } from '#service';
import { Logger } from '#telemetry';
import { FleetHealth } from '../health/fleet-health.client.js';
import { countRequest } from './count-request.js';
import { countCooled, setBudgets, setFleet, type Budgets } from './gauges.js';
import { Series } from './series.js';

/** Budgets are asked for at most this often, and at most so many pages of a hundred: a scrape must stay cheap. */
const budgetsEveryMs = 15_000;
const mostPages = 5;

@Injectable()
export class SuiteTotals implements OnModuleInit, OnApplicationShutdown {
  private readonly series = new Series();
  private cooling: ReadonlyMap<string, string> = new Map();
  private budgetsReadMs = Number.NEGATIVE_INFINITY;
  private listening: { stop(): void } | null = null;

  constructor(
    private readonly bus: Bus,
    private readonly snapshots: Snapshots,
    private readonly health: FleetHealth,
    private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.listening = this.bus.subscribe(RequestFinished, (event) => countRequest(this.series, event));
  }

  onApplicationShutdown(): void {
    this.listening?.stop();
  }

  /** Everything in Prometheus' text format. What cannot be read at the moment keeps its last value. */
  async text(): Promise<string> {
    await Promise.all([this.readFleet(), this.readBudgets()]);
    return this.series.text();
  }

  private async readFleet(): Promise<void> {
    const fleet = await this.bus.request(RouterFleet, { v: 1 }).catch((error: unknown) => this.missed(error));
    const facts = {
      deployments: this.snapshots.current()?.deployments ?? [],
      healthOf: (id: string) => this.health.of(id),
      fleet: fleet?.deployments ?? [],
    };
    setFleet(this.series, facts);
    if (fleet !== null) this.cooling = countCooled(this.series, facts, this.cooling);
  }

  private async readBudgets(): Promise<void> {
    const now = performance.now();
    if (now - this.budgetsReadMs < budgetsEveryMs) return;
    this.budgetsReadMs = now;
    const budgets = await this.askBudgets().catch((error: unknown) => this.missed(error));
    if (budgets !== null) setBudgets(this.series, budgets, Date.now());
  }

  private async askBudgets(): Promise<Budgets> {
    const [keys, teams, users] = await Promise.all([
      allPages(async (page) => {
        const { keys: items, total_pages } = await this.bus.request(ListKeys, {
          v: 1,
          page,
          size: 100,
          sort_by: 'max_budget',
        });
        return { items, total_pages };
      }),
      allPages(async (page) => {
        const { teams: items, total_pages } = await this.bus.request(ListTeams, { v: 1, page, size: 100 });
        return { items, total_pages };
      }),
      allPages(async (page) => {
        const { users: items, total_pages } = await this.bus.request(ListUsers, { v: 1, page, size: 100 });
        return { items, total_pages };
      }),
    ]);
    return { keys, teams, users };
  }

  private missed(error: unknown): null {
    this.logger.debug({ err: error }, 'a part of the metrics could not be read');
    return null;
  }
}

async function allPages<T>(ask: (page: number) => Promise<{ items: readonly T[]; total_pages: number }>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; page <= mostPages; page += 1) {
    const { items, total_pages: pages } = await ask(page);
    all.push(...items);
    if (page >= pages) break;
  }
  return all;
}
