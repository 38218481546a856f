/**
 * The pace of free models, kept by all workers together in a bucket. Where the bucket does not answer, this process goes
 * on with the last that it knew: a limit of a friendly upstream is no reason to refuse everybody.
 */
import { Injectable } from '@nestjs/common';
import { Bus, type Bucket } from '#bus';
import { FreePaceBucket, type FreeAccount } from '#contracts';
import { Logger } from '#telemetry';
import { newAccount, takeRequest, type Pace } from './free-pace.js';

/** Each lost race is somebody else's request, and no more than twenty of those may go in a minute. */
const maxTries = 64;

/** The account after a change, null = as it was, and what whoever asked is told. */
type Change<T> = (account: FreeAccount) => { readonly account: FreeAccount | null; readonly answer: T };

@Injectable()
export class FreePace {
  private opening: Promise<Bucket<FreeAccount>> | null = null;
  private readonly known = new Map<string, FreeAccount>();
  /** The last change of each account: within a process they come one after the other. */
  private readonly last = new Map<string, Promise<unknown>>();

  constructor(
    private readonly bus: Bus,
    private readonly logger: Logger,
  ) {}

  /** What OpenRouter says of the account: whether it never bought credits. */
  note(account: string, isFreeTier: boolean): Promise<void> {
    return this.inTurn(account, (before) => ({
      account: before.isFreeTier === isFreeTier ? null : { ...before, isFreeTier },
      answer: undefined,
    }));
  }

  /** Takes one of the account's requests, where there is one. `now`: the wall clock, milliseconds. */
  take(account: string, now: number): Promise<Pace> {
    return this.inTurn(account, (before) => {
      const taken = takeRequest(before, now);
      return { account: taken.account, answer: taken.pace };
    });
  }

  private inTurn<T>(key: string, change: Change<T>): Promise<T> {
    const before = this.last.get(key) ?? Promise.resolve();
    const mine = before.then(() => this.change(key, change));
    this.last.set(key, mine);
    return mine;
  }

  /** Never rejects. */
  private async change<T>(key: string, change: Change<T>): Promise<T> {
    try {
      const changed = await this.changeShared(key, change);
      if (changed !== null) return changed.answer;
      this.logger.warn({ backend: key }, 'the pace of free models changes too fast: this process counts for itself');
    } catch (error) {
      this.opening = null;
      this.logger.warn({ backend: key, err: error }, 'the pace of free models is not shared now');
    }
    const { account, answer } = change(this.known.get(key) ?? newAccount);
    if (account !== null) this.known.set(key, account);
    return answer;
  }

  /** null where others were faster each time. */
  private async changeShared<T>(key: string, change: Change<T>): Promise<{ answer: T } | null> {
    this.opening ??= this.bus.bucket(FreePaceBucket);
    const bucket = await this.opening;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const entry = await bucket.get(key);
      const before = entry?.value ?? newAccount;
      const { account, answer } = change(before);
      const written =
        account === null ||
        (entry === null ? await bucket.create(key, account) : await bucket.update(key, account, entry.revision)) !==
          null;
      if (!written) continue;
      this.known.set(key, account ?? before);
      return { answer };
    }
    return null;
  }
}
