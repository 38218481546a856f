/** The latest requests, and the way each one took. */
import { Fragment, useCallback, useState, type ReactNode } from 'react';
import { AttemptRows, type AttemptRow } from '../api/answers.js';
import { ask } from '../api/request.js';
import { usePolled } from '../api/use-polled.js';
import { Choice, Problem, State } from '../parts/state.js';
import { clock, count, duration, usd } from '../view/format.js';
import { requestsOf, type RequestView } from '../view/route.js';

const filters = [
  { id: 'all', label: 'All' },
  { id: 'failure', label: 'Failed tries' },
] as const;
type Filter = (typeof filters)[number]['id'];

export function RequestsPage(): ReactNode {
  const [filter, setFilter] = useState<Filter>('all');
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const [open, setOpen] = useState<string | null>(null);
  const cursor = cursors.at(-1) ?? null;
  const rows = usePolled(
    useCallback(
      async (signal: AbortSignal) => {
        const query = new URLSearchParams({ limit: '100' });
        if (filter !== 'all') query.set('status', filter);
        if (cursor !== null) query.set('cursor', cursor);
        return ask(AttemptRows, `/spend/logs?${query.toString()}`, { signal });
      },
      [filter, cursor],
    ),
    // An older page does not change.
    cursor === null ? 5_000 : null,
  );
  const next = rows.data?.next ?? null;
  return (
    <>
      <h1>Requests</h1>
      <div className="choices">
        <Choice
          label="Show"
          options={filters}
          value={filter}
          onChange={(id) => {
            setFilter(id);
            setCursors([]);
          }}
        />
      </div>
      <Problem text={rows.problem} />
      {rows.data === null ? (
        <p className="hint">{rows.problem === null ? 'Loading …' : ''}</p>
      ) : (
        <RequestTable
          requests={requestsOf(rows.data.value)}
          open={open}
          onOpen={(id) => setOpen(id === open ? null : id)}
        />
      )}
      {cursor === null && next === null ? null : (
        <nav className="pager" aria-label="Pages of requests">
          <button type="button" disabled={cursor === null} onClick={() => setCursors(cursors.slice(0, -1))}>
            Newer
          </button>
          <button
            type="button"
            disabled={next === null}
            onClick={() => next !== null && setCursors([...cursors, next])}
          >
            Older
          </button>
        </nav>
      )}
    </>
  );
}

function RequestTable(props: {
  requests: readonly RequestView[];
  open: string | null;
  onOpen: (id: string) => void;
}): ReactNode {
  if (props.requests.length === 0) return <p className="hint">No requests yet.</p>;
  const now = Date.now();
  return (
    <div className="scroll" role="region" aria-label="Requests" tabIndex={0}>
      <table className="requests">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Key</th>
            <th scope="col">Model and route</th>
            <th scope="col">Outcome</th>
            <th scope="col" className="number">
              Tokens
            </th>
            <th scope="col" className="number">
              Cost
            </th>
            <th scope="col" className="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {props.requests.map((request) => (
            <Fragment key={request.id}>
              <tr>
                <td>
                  <button
                    type="button"
                    className="link"
                    aria-expanded={props.open === request.id}
                    onClick={() => props.onOpen(request.id)}
                  >
                    {clock(request.startedAt, now)}
                  </button>
                </td>
                <td>{request.key}</td>
                <td>
                  <span className="name">{request.asked}</span>
                  <Route request={request} />
                </td>
                <td>
                  <State tone={request.tone}>{request.outcome}</State>
                </td>
                <td className="number">
                  {count(request.tokensIn)} → {count(request.tokensOut)}
                </td>
                <td className="number">{usd(request.spend)}</td>
                <td className="number">{duration(request.durationMs)}</td>
              </tr>
              {props.open === request.id ? (
                <tr className="details">
                  <td colSpan={7}>
                    <Attempts request={request} />
                  </td>
                </tr>
              ) : null}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** model@host → model@host: what was tried, the failures struck out. */
function Route({ request }: { request: RequestView }): ReactNode {
  return (
    <span className="under route">
      {request.attempts.map((attempt) => (
        <span key={attempt.attempt_id} className="hop">
          {attempt.status === 'failure' ? <s>{placeOf(attempt)}</s> : placeOf(attempt)}
        </span>
      ))}
    </span>
  );
}

function placeOf(attempt: AttemptRow): string {
  return `${attempt.model} on ${attempt.backend_id}`;
}

function Attempts({ request }: { request: RequestView }): ReactNode {
  return (
    <>
      <dl className="facts">
        <dt>Request</dt>
        <dd>
          <code>{request.id}</code>
        </dd>
        <dt>Trace</dt>
        <dd>
          <code>{request.traceId ?? '–'}</code>
        </dd>
      </dl>
      <ol className="attempts">
        {request.attempts.map((attempt) => (
          <li key={attempt.attempt_id}>
            <State tone={attempt.status === 'failure' ? 'bad' : 'good'}>
              {attempt.metadata.error_information?.error_code ?? attempt.outcome}
            </State>
            <span className="name">{attempt.served_model_group}</span>
            <span>
              {attempt.custom_llm_provider}/{attempt.model} on {attempt.backend_id}
            </span>
            <span className="hint">{factsOf(attempt).join(' · ')}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

function factsOf(attempt: AttemptRow): string[] {
  return [
    `${duration(attempt.duration_ms)} in all`,
    attempt.queued_ms === null || attempt.queued_ms < 1 ? null : `${duration(attempt.queued_ms)} in the queue`,
    attempt.first_token_ms === null ? null : `first token after ${duration(attempt.first_token_ms)}`,
    attempt.tokens_per_second === null ? null : `${attempt.tokens_per_second.toFixed(1)} tokens/s`,
    attempt.context_used_percent === null ? null : `${attempt.context_used_percent.toFixed(1)} % of the context`,
    `${count(attempt.prompt_tokens)} → ${count(attempt.completion_tokens)} tokens`,
    attempt.cost_source === 'unknown' ? 'price not known' : `${usd(attempt.spend)} (${attempt.cost_source})`,
    attempt.cache_hit === 'True' ? 'from the cache' : null,
    attempt.estimated ? 'usage estimated' : null,
    attempt.stream ? 'streamed' : null,
  ].filter((fact) => fact !== null);
}
