/** All that can be known of requests whose books do not agree, so that the cause is read and not guessed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { storedMessages, type StoredMessage } from '#testing';
import { answersOf, booksOf, type Disagreement, type Killing } from './books.js';
import type { Load } from './fire-load.js';
import type { MoneySuite } from './money-suite.js';

const mostRequests = 5;
const mostLines = 40;

/** A text for people: what is wrong, and of the first requests every trace that they left. */
export async function evidence(
  money: MoneySuite,
  load: Load,
  killings: readonly Killing[],
  problems: readonly Disagreement[],
): Promise<string> {
  const stream = await storedMessages(money.suite, 'USAGE');
  const lines = logLines(money);
  const books = await booksOf(money, load.name);
  const answers = answersOf(money, load.name);
  const about = [...new Set(problems.map(({ marker }) => marker))].slice(0, mostRequests).map((marker) => {
    const usage = stream.filter(({ text }) => text.includes(`"${marker}"`));
    const ids = [...new Set(usage.flatMap((message) => requestIdsIn(message, marker)))];
    return JSON.stringify(
      {
        marker,
        asked: load.asked.find((one) => one.marker === marker),
        upstream: answers.filter((one) => one.marker === marker),
        rows: books.rows.filter((one) => one.marker === marker),
        open: books.open.filter((one) => one.marker === marker),
        stream: usage.map((message) => summary(message, marker)),
        logs: lines.filter((line) => ids.some((id) => line.includes(id))).slice(0, mostLines),
      },
      null,
      1,
    );
  });
  const spool = readdirSync(join(money.suite.dataDir, 'spool')).map(
    (name) => `${name}: ${readFileSync(join(money.suite.dataDir, 'spool', name), 'utf8').slice(0, 2_000)}`,
  );
  return [
    `${problems.length} disagreements: ${JSON.stringify(problems.slice(0, 50))}`,
    ...about,
    `killed: ${JSON.stringify(killings)}`,
    `spool: ${JSON.stringify(spool)}`,
    `messages on the stream: ${stream.length}`,
  ].join('\n');
}

/** Of a message, which may hold many events, those of one request. */
function eventsIn({ text }: StoredMessage, marker: string): Record<string, unknown>[] {
  const whole: unknown = JSON.parse(text);
  const entries: unknown[] = Array.isArray(whole) ? whole.map((entry: { p: unknown }) => entry.p) : [whole];
  return entries.filter(
    (entry): entry is Record<string, unknown> =>
      typeof entry === 'object' && entry !== null && JSON.stringify(entry).includes(`"${marker}"`),
  );
}

function requestIdsIn(message: StoredMessage, marker: string): string[] {
  return eventsIn(message, marker).map(({ requestId }) => String(requestId));
}

function summary(message: StoredMessage, marker: string): object[] {
  const { sequence, subject, storedAt } = message;
  return eventsIn(message, marker).map(({ attemptId, source, outcome, errorCode, usage }) => ({
    sequence,
    subject,
    storedAt,
    attemptId,
    source,
    outcome,
    errorCode,
    usage,
  }));
}

function logLines({ suite, extras }: MoneySuite): string[] {
  const own = readdirSync(join(suite.dataDir, 'logs'), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(suite.dataDir, 'logs', name), 'utf8'));
  return [...own, ...extras.map((extra) => extra.logs())].flatMap((text) => text.split('\n'));
}
