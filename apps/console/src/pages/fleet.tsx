/** Models and hosts: what runs, what does not, and why. */
import { useCallback, type ReactNode } from 'react';
import { Activity, GlobalSpend, Health, SpendLines, type Host } from '../api/answers.js';
import { ask } from '../api/request.js';
import { usePolled } from '../api/use-polled.js';
import { BudgetBar } from '../parts/budget-bar.js';
import { Problem, State, Tile } from '../parts/state.js';
import { hostCount, hostTone, memoryOf, modelsOf, type ModelView } from '../view/fleet.js';
import { bytes, clock, count, duration, relative, usd, withClock } from '../view/format.js';
import { sumOf } from '../view/spend.js';

export function FleetPage(): ReactNode {
  const health = usePolled(
    useCallback(async (signal: AbortSignal) => (await ask(Health, '/health', { signal })).value, []),
    5_000,
  );
  const sums = usePolled(useCallback(readSums, []), 30_000);
  if (health.data === null)
    return (
      <>
        <h1>Models and hosts</h1>
        <Problem text={health.problem} />
        {health.problem === null ? <p className="hint">Loading …</p> : null}
      </>
    );
  const models = modelsOf(health.data);
  const hosts = hostCount(health.data);
  return (
    <>
      <h1>Models and hosts</h1>
      <Problem text={health.problem} />
      <Config health={health.data} />
      <dl className="tiles">
        <Tile label="Hosts up" value={`${String(hosts.up)} of ${String(hosts.all)}`} />
        <Tile
          label="Models served"
          value={`${String(models.filter((model) => model.serving > 0).length)} of ${String(models.length)}`}
        />
        <Sums sums={sums.data} />
      </dl>
      <section aria-labelledby="hosts">
        <h2 id="hosts">Hosts</h2>
        <ul className="hosts">
          {health.data.backends.map((host) => (
            <HostCard key={host.id} host={host} />
          ))}
        </ul>
        {hosts.all === 0 ? (
          <p className="hint">
            No host is configured, and no Ollama was found. Start one, or give the gateway a config file.
          </p>
        ) : null}
      </section>
      <section aria-labelledby="models">
        <h2 id="models">Models</h2>
        <ModelTable models={models} />
      </section>
    </>
  );
}

interface SumsView {
  readonly today: { readonly requests: number; readonly tokens: number };
  readonly month: ReturnType<typeof sumOf>;
  readonly all: GlobalSpendView;
}
type GlobalSpendView = {
  readonly spend: number;
  readonly max_budget: number | null;
  readonly budget_reset_at: string | null;
};

async function readSums(signal: AbortSignal): Promise<SumsView> {
  const today = new Date().toISOString().slice(0, 10);
  const [activity, month, all] = await Promise.all([
    ask(Activity, `/global/activity?start_date=${today}&end_date=${today}`, { signal }),
    ask(SpendLines, '/global/spend/models', { signal }),
    ask(GlobalSpend, '/global/spend', { signal }),
  ]);
  const ofToday = activity.value.daily_data.find(({ day }) => day === today);
  return {
    today: { requests: ofToday?.api_requests ?? 0, tokens: ofToday?.total_tokens ?? 0 },
    month: sumOf(month.value),
    all: all.value,
  };
}

function Sums({ sums }: { sums: SumsView | null }): ReactNode {
  if (sums === null) return null;
  const reset = sums.all.budget_reset_at;
  return (
    <>
      <Tile label="Requests today" value={count(sums.today.requests)} note={`${count(sums.today.tokens)} tokens`} />
      <Tile label="Spent in 30 days" value={usd(sums.month.spend)} />
      <Tile label="Saved in 30 days" value={usd(sums.month.cloud_equivalent_spend)} note="against the cloud" />
      {sums.all.max_budget === null ? null : (
        <div className="tile">
          <dt>Budget of the gateway</dt>
          <dd>
            <BudgetBar
              unit="usd"
              used={sums.all.spend}
              limit={sums.all.max_budget}
              note={reset === null ? null : `renewed ${relative(reset, Date.now())}`}
            />
          </dd>
        </div>
      )}
    </>
  );
}

function Config({ health }: { health: Health }): ReactNode {
  const { refused, problems } = health.config;
  const shown = problems.filter((problem) => problem.severity !== 'note');
  return (
    <>
      {refused === null ? null : (
        <div className="notice bad" role="alert">
          <strong>The config file as it is now was refused; the last good one is in force.</strong>
          <Problems problems={refused.problems} />
        </div>
      )}
      {shown.length === 0 ? null : (
        <details className="notice warn">
          <summary>{shown.length === 1 ? 'One warning' : `${String(shown.length)} warnings`} about the config</summary>
          <Problems problems={shown} />
        </details>
      )}
    </>
  );
}

function Problems({ problems }: { problems: Health['config']['problems'] }): ReactNode {
  return (
    <ul>
      {problems.map((problem) => (
        <li key={`${problem.path}${problem.message}`}>
          <code>
            {problem.file}
            {problem.line === null ? '' : `:${String(problem.line)}`} {problem.path}
          </code>{' '}
          {problem.message}
        </li>
      ))}
    </ul>
  );
}

function HostCard({ host }: { host: Host }): ReactNode {
  const now = Date.now();
  const loaded = host.loaded_models ?? [];
  return (
    <li className="card host">
      <div className="host-head">
        <h3>{host.id}</h3>
        <State tone={hostTone(host)}>{host.state}</State>
      </div>
      <p className="hint">
        {host.provider}
        {host.version == null ? '' : ` ${host.version}`} · <span className="address">{host.api_base}</span>
      </p>
      {host.reason === null ? null : <p className="reason">{withClock(host.reason, now)}</p>}
      {loaded.length === 0 ? null : (
        <ul className="loaded" aria-label="Loaded models">
          {loaded.map((model) => (
            <li key={model.name}>
              <span className="name">{model.name}</span>
              <span className="hint">
                {bytes(model.sizeBytes)} · {memoryOf(model)}
                {model.expiresAt === null ? '' : ` · until ${clock(model.expiresAt, now)}`}
              </span>
            </li>
          ))}
        </ul>
      )}
      {host.last_probe_at == null ? null : (
        <p className="hint foot">
          {host.models == null ? '' : `${String(host.models.length)} installed · `}
          probed {relative(host.last_probe_at, now)}, {duration(host.probe_latency_ms ?? null)}
        </p>
      )}
    </li>
  );
}

const stateWords = {
  ready: 'ready',
  loaded: 'ready, in memory',
  cooling: 'cooling',
  out: 'out',
  unknown: 'not probed yet',
};

function ModelTable({ models }: { models: readonly ModelView[] }): ReactNode {
  const now = Date.now();
  if (models.length === 0) return <p className="hint">No model is offered. The reasons stand above.</p>;
  return (
    <div className="scroll" role="region" aria-label="Models and who serves them" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Served by</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        {models.map((model) => (
          <tbody key={model.name}>
            {model.places.map((place, at) => (
              <tr key={place.id}>
                {at === 0 ? (
                  <th scope="rowgroup" rowSpan={model.places.length}>
                    {model.name}
                  </th>
                ) : null}
                <td>
                  <span className="name">{place.upstream}</span> <span className="hint">on {place.host}</span>
                </td>
                <td>
                  <State tone={place.tone}>{stateWords[place.state]}</State>
                  {place.reason === null ? null : <p className="reason">{withClock(place.reason, now)}</p>}
                </td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}
