/** A column a day, stacked. The day that is pointed at, or walked to with the arrow keys, is read out below. */
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { layOut } from '../view/chart.js';
import { dayLabel } from '../view/format.js';
import type { ChartData } from '../view/spend.js';

const box = { width: 860, height: 220 };
const margin = { left: 64, right: 8, top: 12, bottom: 28 };

export function StackedChart(props: { data: ChartData; label: string; format: (amount: number) => string }): ReactNode {
  const { data, format } = props;
  const [at, setAt] = useState<number | null>(null);
  const layout = layOut(data, box);
  const last = data.columns.length - 1;
  const walk = (event: KeyboardEvent) => {
    const to = {
      ArrowLeft: Math.max(0, (at ?? last + 1) - 1),
      ArrowRight: Math.min(last, (at ?? -1) + 1),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setAt(to);
  };
  const chosen = data.columns[at ?? last];
  return (
    <figure className="chart">
      <svg
        viewBox={`0 0 ${String(box.width + margin.left + margin.right)} ${String(box.height + margin.top + margin.bottom)}`}
        role="img"
        aria-label={`${props.label}. Arrow keys walk through the days.`}
        tabIndex={0}
        onKeyDown={walk}
        onMouseLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
      >
        <g transform={`translate(${String(margin.left)} ${String(margin.top)})`}>
          {layout.ticks.map((tick) => (
            <g key={tick.value} className="tick">
              <line x1={0} x2={box.width} y1={tick.y} y2={tick.y} />
              <text x={-8} y={tick.y} dy="0.32em" textAnchor="end">
                {format(tick.value)}
              </text>
            </g>
          ))}
          {layout.columns.map((column, index) => (
            <g
              key={data.columns[index]?.day}
              className={at === index ? 'column chosen' : 'column'}
              onMouseEnter={() => setAt(index)}
            >
              <rect className="target" x={column.x} y={0} width={column.width} height={box.height} />
              {(layout.bars[index] ?? []).map((bar) => (
                <rect
                  key={bar.series}
                  className={`series-${String(bar.series)}`}
                  x={bar.x}
                  y={bar.y}
                  width={bar.width}
                  height={Math.max(0, bar.height - 1)}
                />
              ))}
            </g>
          ))}
          {layout.labelled.map((index) => {
            const column = layout.columns[index];
            const day = data.columns[index]?.day;
            return column === undefined || day === undefined ? null : (
              <text key={day} className="day" x={column.x + column.width / 2} y={box.height + 18} textAnchor="middle">
                {dayLabel(day)}
              </text>
            );
          })}
        </g>
      </svg>
      <figcaption aria-live="polite">
        <strong>{chosen === undefined ? '' : `${dayLabel(chosen.day)}: ${format(chosen.total)}`}</strong>
        <ul className="legend">
          {data.series.map((series, index) => (
            <li key={series.id}>
              <span className={`swatch series-${String(index)}`} aria-hidden="true" />
              <span className="name">{series.name}</span> {format(chosen?.amounts[index] ?? 0)}
            </li>
          ))}
        </ul>
      </figcaption>
    </figure>
  );
}
