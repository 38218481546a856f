/** Virtual keys: who has one, what it may spend, and what it spent. */
import { Fragment, useCallback, useState, type ReactNode } from 'react';
import { Anything, KeyPage, type Key } from '../api/answers.js';
import { ask, messageOf } from '../api/request.js';
import { usePolled } from '../api/use-polled.js';
import { BudgetBar } from '../parts/budget-bar.js';
import { Dialog } from '../parts/dialog.js';
import { Problem, State } from '../parts/state.js';
import { clock, relative, usd } from '../view/format.js';
import { aboutKey, budgetLines, keyTitle, keyTone, limitsOf } from '../view/keys.js';
import { NewKeyDialog } from './new-key.js';

const pageSize = 50;

export function KeysPage(): ReactNode {
  const [page, setPage] = useState(1);
  const [making, setMaking] = useState(false);
  const [deleting, setDeleting] = useState<Key | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const keys = usePolled(
    useCallback(
      async (signal: AbortSignal) =>
        (
          await ask(KeyPage, `/key/list?return_full_object=true&size=${String(pageSize)}&page=${String(page)}`, {
            signal,
          })
        ).value,
      [page],
    ),
    10_000,
  );
  const change = (path: string, body: object) => {
    setProblem(null);
    ask(Anything, path, { body }).then(keys.refresh, (error: unknown) => setProblem(messageOf(error)));
  };
  return (
    <>
      <div className="page-head">
        <h1>Keys</h1>
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          New key
        </button>
      </div>
      <Problem text={problem ?? keys.problem} />
      {keys.data === null ? (
        <p className="hint">{keys.problem === null ? 'Loading …' : ''}</p>
      ) : (
        <>
          <KeyTable
            keys={keys.data.keys}
            onBlock={(key) => change(key.status === 'blocked' ? '/key/unblock' : '/key/block', { key: key.token })}
            onDelete={setDeleting}
          />
          <Pager page={page} pages={keys.data.total_pages} total={keys.data.total_count} onPage={setPage} />
        </>
      )}
      {making ? <NewKeyDialog onMade={keys.refresh} onClose={() => setMaking(false)} /> : null}
      {deleting === null ? null : (
        <Dialog title={`Delete ${keyTitle(deleting)}?`} onClose={() => setDeleting(null)}>
          <p>Requests with this key fail from now on. What it spent stays in the reports.</p>
          <form method="dialog" className="actions">
            <button type="submit">Keep it</button>
            <button type="submit" className="danger" onClick={() => change('/key/delete', { keys: [deleting.token] })}>
              Delete
            </button>
          </form>
        </Dialog>
      )}
    </>
  );
}

interface KeyActions {
  readonly onBlock: (key: Key) => void;
  readonly onDelete: (key: Key) => void;
}

function KeyTable({ keys, ...actions }: { keys: readonly Key[] } & KeyActions): ReactNode {
  if (keys.length === 0) return <p className="hint">There are no keys yet. Everybody who calls uses the master key.</p>;
  return (
    <div className="scroll" role="region" aria-label="Keys" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">State</th>
            <th scope="col">Budget</th>
            <th scope="col" className="number">
              Spent in all
            </th>
            <th scope="col">May use</th>
            <th scope="col">Last used</th>
            <th scope="col">
              <span className="hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <KeyRow key={key.token} of={key} {...actions} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function KeyRow({ of: key, onBlock, onDelete }: { of: Key } & KeyActions): ReactNode {
  const now = Date.now();
  const reset = key.budget_reset_at;
  return (
    <tr>
      <th scope="row">
        {keyTitle(key)}
        <span className="under">{aboutKey(key).join(' · ')}</span>
      </th>
      <td>
        <State tone={keyTone(key)}>{key.status}</State>
        {key.expires === null ? null : <span className="under">ends {relative(key.expires, now)}</span>}
      </td>
      <td>
        {budgetLines(key).map((line) => (
          <BudgetBar key={line.unit} {...line} note={reset === null ? null : `renewed ${relative(reset, now)}`} />
        ))}
      </td>
      <td className="number">{usd(key.total_spend)}</td>
      <td>
        {key.models.length === 0
          ? 'every model'
          : key.models.map((model, at) => (
              <Fragment key={model}>
                {at === 0 ? '' : ', '}
                <span className="whole">{model}</span>
              </Fragment>
            ))}
        {limitsOf(key).map((limit) => (
          <span key={limit} className="under">
            {limit}
          </span>
        ))}
      </td>
      <td>
        {key.last_active === null ? (
          'never'
        ) : (
          <time dateTime={key.last_active} title={clock(key.last_active, now)}>
            {relative(key.last_active, now)}
          </time>
        )}
      </td>
      <td className="buttons">
        {key.origin === 'config' ? (
          <span className="hint">from the config file</span>
        ) : (
          <>
            <button
              type="button"
              onClick={() => onBlock(key)}
              aria-label={`${key.status === 'blocked' ? 'Unblock' : 'Block'} ${keyTitle(key)}`}
            >
              {key.status === 'blocked' ? 'Unblock' : 'Block'}
            </button>
            <button
              type="button"
              className="danger"
              onClick={() => onDelete(key)}
              aria-label={`Delete ${keyTitle(key)}`}
            >
              Delete
            </button>
          </>
        )}
      </td>
    </tr>
  );
}

function Pager(props: { page: number; pages: number; total: number; onPage: (page: number) => void }): ReactNode {
  if (props.pages <= 1) return null;
  return (
    <nav className="pager" aria-label="Pages of keys">
      <button type="button" disabled={props.page <= 1} onClick={() => props.onPage(props.page - 1)}>
        Newer
      </button>
      <span>
        {props.page} of {props.pages} · {props.total} keys
      </span>
      <button type="button" disabled={props.page >= props.pages} onClick={() => props.onPage(props.page + 1)}>
        Older
      </button>
    </nav>
  );
}
