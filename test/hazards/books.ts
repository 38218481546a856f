/** Compares the books with the upstreams' own logs. Each function returns what does not agree; nothing is good. */
import type { Asked } from './fire-load.js';
import type { MoneySuite } from './money-suite.js';

export interface BookedAttempt {
  readonly attempt: string;
  readonly marker: string;
  readonly source: string;
  readonly tokenSource: string;
  readonly outcome: string;
  readonly input: number;
  readonly output: number;
}

/** An attempt that was announced, and that nobody has closed yet. */
export interface OpenAttempt {
  readonly attempt: string;
  readonly marker: string;
  readonly provider: string;
}

/** What the database knows of the load named `name`. */
export interface Books {
  readonly rows: readonly BookedAttempt[];
  readonly open: readonly OpenAttempt[];
}

/** One answer as an upstream remembers it. */
export interface Answer {
  readonly marker: string;
  readonly upstream: Worker;
  readonly input: number;
  readonly output: number;
  /** Sent to its end, and taken. */
  readonly isWhole: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}

type Worker = 'provider-cloud' | 'provider-ollama';

/** When a process was killed, in `performance.now()`; of an ingress, which. */
export interface Killing {
  readonly name: string;
  readonly atMs: number;
  readonly ingress?: number;
  /** When the next process under its name was there; before it nobody under that name could begin anything. */
  succeededMs?: number;
}

export async function booksOf(money: MoneySuite, name: string): Promise<Books> {
  const rows = await money.sql<BookedAttempt>(
    `SELECT attempt_id AS attempt, end_user AS marker, source, token_source AS "tokenSource", outcome,
       input_tokens AS input, output_tokens AS output
     FROM usage_events WHERE starts_with(end_user, $1)`,
    [name],
  );
  const open = await money.sql<OpenAttempt>(
    `SELECT attempt_id AS attempt, event->'payer'->>'endUser' AS marker, event->>'provider' AS provider
     FROM usage_open o WHERE starts_with(event->'payer'->>'endUser', $1)
       AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.attempt_id = o.attempt_id)`,
    [name],
  );
  return { rows, open };
}

/** What the upstreams were asked for by the load named `name`. */
export function answersOf({ cloud, ollama }: MoneySuite, name: string): Answer[] {
  const pattern = new RegExp(`${name}\\d+\\.`);
  return [cloud, ollama].flatMap((upstream) =>
    upstream.requests.flatMap((request) => {
      const marker = pattern.exec(request.text)?.[0];
      if (marker === undefined) return [];
      return {
        marker,
        upstream: upstream === cloud ? 'provider-cloud' : 'provider-ollama',
        input: request.generated?.promptTokens ?? 0,
        output: request.generated?.outputTokens ?? 0,
        isWhole: request.status === 200 && request.endedAtMs !== null,
        fromMs: request.receivedAtMs,
        toMs: request.endedAtMs ?? request.abortedAtMs ?? Infinity,
      } as const;
    }),
  );
}

export interface Disagreement {
  readonly marker: string;
  readonly what: string;
}

/**
 * Every upstream request has a row, or was announced before both services that knew it were killed; and nothing was billed
 * that no upstream made.
 */
export function disagreements(
  answers: readonly Answer[],
  books: Books,
  asked: readonly Asked[],
  killings: readonly Killing[],
): Disagreement[] {
  const { rows, open } = books;
  const rowsOf = Map.groupBy(rows, (row) => row.marker);
  const openOf = Map.groupBy(open, (one) => one.marker);
  const answersOfMarker = Map.groupBy(answers, (answer) => answer.marker);
  const problems: Disagreement[] = [];
  for (const [marker, own] of answersOfMarker) {
    const booked = rowsOf.get(marker) ?? [];
    const say = (what: string) => problems.push({ marker, what });
    if (booked.length + (openOf.get(marker) ?? []).length < own.length) say('an upstream request that nobody knows of');
    const withOutput = own.filter((answer) => answer.output > 0).length;
    if (booked.filter((row) => row.output > 0).length > withOutput) say('billed twice');
    for (const answer of own) {
      const exact = booked.filter((row) => row.input === answer.input && row.tokenSource === 'upstream');
      if (exact.length > 1) say('an answer billed twice');
      const isExact = exact.length === 1 && exact[0]?.output === answer.output;
      const isCounted = isExact || wasLeft(booked) || wasKilled(answer, killings);
      if (answer.isWhole && !isCounted) say('a whole answer not billed to the token');
    }
  }
  for (const { marker, input, tokenSource } of rows) {
    if (tokenSource !== 'upstream' || input === 0) continue;
    const made = (answersOfMarker.get(marker) ?? []).some((answer) => answer.input === input);
    if (!made) problems.push({ marker, what: 'billed, but no upstream made it' });
  }
  for (const one of open) {
    if (!lostBoth(one, asked, killings)) problems.push({ marker: one.marker, what: 'left open by those who live' });
  }
  return problems;
}

/** A client that leaves while the upstream's last byte is on its way: what was seen of the answer is billed then. */
function wasLeft(booked: readonly BookedAttempt[]): boolean {
  return booked.some((row) => row.outcome === 'client_disconnected' && row.tokenSource === 'counted' && row.input > 0);
}

/**
 * A worker that is killed before its report takes the upstream's count with it: the ingress counts then. What the upstream
 * reads after the kill was still on its way, as long as there is no successor that could have sent it.
 */
function wasKilled(answer: Answer, killings: readonly Killing[]): boolean {
  const reportMs = 2_000;
  return killings.some(
    ({ name, atMs, succeededMs = atMs }) =>
      name === answer.upstream && answer.fromMs <= succeededMs && atMs <= answer.toMs + reportMs,
  );
}

/** Its worker was killed while it ran, and its ingress before it could have noticed (or the other way round). */
function lostBoth(one: OpenAttempt, asked: readonly Asked[], killings: readonly Killing[]): boolean {
  const noticeMs = 10_000;
  const request = asked.find(({ marker }) => marker === one.marker);
  if (request === undefined) return false;
  const worker: Worker = one.provider === 'ollama' ? 'provider-ollama' : 'provider-cloud';
  const during = ({ atMs }: Killing) => atMs >= request.fromMs && atMs <= request.toMs + noticeMs;
  return killings.some(
    (death) =>
      death.name === worker &&
      during(death) &&
      killings.some((other) => other.ingress === request.ingress && Math.abs(other.atMs - death.atMs) <= noticeMs),
  );
}

/** What clients were told is what was billed. */
export function untold(asked: readonly Asked[], { rows }: Books): Disagreement[] {
  const rowsOf = Map.groupBy(rows, (row) => row.marker);
  return asked.flatMap(({ marker, told }) => {
    if (told === null) return [];
    const booked = rowsOf.get(marker) ?? [];
    const isThere = booked.some((row) => row.input === told.prompt && row.output === told.completion);
    return isThere ? [] : [{ marker, what: 'the client was told another number' }];
  });
}

/** Every sum that is kept beside the rows, and the budgets. */
export async function unbalanced(money: MoneySuite): Promise<object[]> {
  const sums = await money.sql(`
    WITH rows AS (SELECT coalesce(sum(cost_nano_usd), 0) AS cost, sum(output_tokens) AS output, count(*) AS n FROM usage_events),
      book AS (SELECT sum(amount) AS cost FROM ledger WHERE scope IS NULL),
      days AS (SELECT sum(spend_nano_usd) AS cost, sum(output_tokens) AS output, sum(requests + failures) AS n FROM daily_spend),
      total AS (SELECT spend_nano_usd AS cost, output_tokens AS output, requests + failures AS n FROM spend_total WHERE kind = 'global')
    SELECT row_to_json(rows) AS rows, row_to_json(book) AS book, row_to_json(days) AS days, row_to_json(total) AS total
    FROM rows, book, days, total
    WHERE rows.cost <> book.cost OR (rows.cost, rows.output, rows.n) <> (days.cost, days.output, days.n)
      OR (rows.cost, rows.output, rows.n) <> (total.cost, total.output, total.n)`);
  const keys = await money.sql(`
    SELECT t.id, t.spend_nano_usd, r.cost FROM spend_total t
    JOIN (SELECT key_id, sum(coalesce(cost_nano_usd, 0)) AS cost FROM usage_events GROUP BY 1) r ON r.key_id = t.id
    WHERE t.kind = 'key' AND t.spend_nano_usd <> r.cost`);
  const windows = await money.sql(`
    SELECT w.scope, w.settled, l.amount FROM scope_window w
    LEFT JOIN (SELECT scope, window_id, sum(amount) AS amount FROM ledger GROUP BY 1, 2) l USING (scope, window_id)
    WHERE w.settled <> coalesce(l.amount, 0) OR w.settled > w.limit_n OR w.overrun <> 0`);
  const owners = await money.sql(`
    SELECT w.scope, w.settled, r.cost FROM scope_window w JOIN budget b USING (scope)
    JOIN (SELECT key_id, sum(coalesce(cost_nano_usd, 0)) AS cost FROM usage_events GROUP BY 1) r ON r.key_id = b.owner_id
    WHERE w.scope LIKE 'usd/key/%' AND w.settled <> r.cost`);
  return [...sums, ...keys, ...windows, ...owners];
}
