/** What was spent, by whom or on what, and what the own machines saved. */
import { useCallback, useState, type ReactNode } from 'react';
import { Report, type ReportDay } from '../api/answers.js';
import { ask } from '../api/request.js';
import { usePolled } from '../api/use-polled.js';
import { StackedChart } from '../parts/stacked-chart.js';
import { Choice, Problem, Tile } from '../parts/state.js';
import { count, percent, usd } from '../view/format.js';
import {
  amountOf,
  chartOf,
  daysUpTo,
  firstMeasure,
  groups,
  measures,
  sumOf,
  totalsOf,
  type Group,
  type Measure,
} from '../view/spend.js';

const periods = [
  { id: '7', label: '7 days' },
  { id: '30', label: '30 days' },
  { id: '90', label: '90 days' },
] as const;
type Period = (typeof periods)[number]['id'];

export function SpendPage({ reference }: { reference: string | null }): ReactNode {
  const [group, setGroup] = useState<Group>('model');
  const [chosen, setMeasure] = useState<Measure | null>(null);
  const [period, setPeriod] = useState<Period>('30');
  const report = usePolled(
    useCallback(
      async (signal: AbortSignal) => {
        const days = daysUpTo(new Date().toISOString().slice(0, 10), Number(period));
        const dates = `start_date=${days[0] ?? ''}&end_date=${days.at(-1) ?? ''}`;
        const { value } = await ask(Report, `/global/spend/report?group_by=${group}&${dates}`, { signal });
        return { group, days, report: value };
      },
      [group, period],
    ),
    30_000,
  );
  const { data } = report;
  const measure = chosen ?? (data === null ? 'spend' : firstMeasure(sumOf(totalsOf(data.report, data.group, 'spend'))));
  return (
    <>
      <h1>Spend</h1>
      <div className="choices">
        <Choice label="Show" options={measures} value={measure} onChange={setMeasure} />
        <Choice label="By" options={groups} value={group} onChange={setGroup} />
        <Choice label="Last" options={periods} value={period} onChange={setPeriod} />
      </div>
      <Problem text={report.problem} />
      {data === null ? (
        <p className="hint">{report.problem === null ? 'Loading …' : ''}</p>
      ) : (
        <Sheet {...data} measure={measure} reference={reference} />
      )}
    </>
  );
}

interface SheetFacts {
  readonly group: Group;
  readonly measure: Measure;
  readonly days: readonly string[];
  readonly report: readonly ReportDay[];
  readonly reference: string | null;
}

function Sheet({ group, measure, days, report, reference }: SheetFacts): ReactNode {
  const lines = totalsOf(report, group, measure);
  const all = sumOf(lines);
  const format = measure === 'spend' || measure === 'saved' ? usd : count;
  const what = measures.find(({ id }) => id === measure)?.label ?? '';
  const by = groups.find(({ id }) => id === group)?.label ?? '';
  return (
    <>
      <dl className="tiles">
        <Tile
          label="Spent"
          value={usd(all.spend)}
          note={all.unpriced > 0 ? `${count(all.unpriced)} without a known price` : undefined}
        />
        <Tile
          label="Saved"
          value={usd(all.cloud_equivalent_spend)}
          note={reference === null ? 'against the cloud' : `at the price of ${reference}`}
        />
        <Tile
          label="Requests"
          value={count(all.requests)}
          note={all.failures > 0 ? `${count(all.failures)} tries failed` : undefined}
        />
        <Tile
          label="Tokens"
          value={count(all.total_tokens)}
          note={`${count(all.prompt_tokens)} in, ${count(all.completion_tokens)} out`}
        />
      </dl>
      {lines.length === 0 ? (
        <p className="card hint">Nobody asked for anything in this time.</p>
      ) : (
        <section className="card chart-card" aria-label={`${what} by day and ${by.toLowerCase()}`}>
          <StackedChart
            data={chartOf(report, days, group, measure)}
            label={`${what} by day and ${by.toLowerCase()}`}
            format={format}
          />
        </section>
      )}
      {lines.length === 0 ? null : (
        <div className="scroll" role="region" aria-label={`Sums by ${by.toLowerCase()}`} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{by}</th>
                <th scope="col" className="number">
                  Spend
                </th>
                <th scope="col" className="number">
                  Saved
                </th>
                <th scope="col" className="number">
                  Requests
                </th>
                <th scope="col" className="number">
                  Failed
                </th>
                <th scope="col" className="number">
                  Tokens in
                </th>
                <th scope="col" className="number">
                  Tokens out
                </th>
                <th scope="col" className="number">
                  Share
                </th>
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <tr key={line.id}>
                  <th scope="row">{line.name}</th>
                  <td className="number">{usd(line.spend)}</td>
                  <td className="number">{usd(line.cloud_equivalent_spend)}</td>
                  <td className="number">{count(line.requests)}</td>
                  <td className="number">{count(line.failures)}</td>
                  <td className="number">{count(line.prompt_tokens)}</td>
                  <td className="number">{count(line.completion_tokens)}</td>
                  <td className="number">{percent(amountOf(line, measure), amountOf(all, measure))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
