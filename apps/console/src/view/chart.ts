/** Where the bars of a stacked chart stand. Pure. */
import type { ChartData } from './spend.js';

export interface Bar {
  readonly series: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ChartLayout {
  /** One group a column, bottom to top. */
  readonly bars: readonly (readonly Bar[])[];
  /** Where each column begins, and how wide it is with its gap. */
  readonly columns: readonly { readonly x: number; readonly width: number }[];
  readonly ticks: readonly { readonly value: number; readonly y: number }[];
  /** Columns whose day is written below. */
  readonly labelled: readonly number[];
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

/** Lays a chart out in a box; an empty one has only its base line. */
export function layOut(data: ChartData, box: Box): ChartLayout {
  const { top, ticks } = niceTop(Math.max(0, ...data.columns.map((column) => column.total)));
  const step = data.columns.length === 0 ? box.width : box.width / data.columns.length;
  const width = Math.max(1, Math.min(step * 0.72, 48));
  const scale = top === 0 ? 0 : box.height / top;
  const bars = data.columns.map((column, at) => {
    let below = 0;
    return column.amounts.flatMap((amount, series): Bar[] => {
      if (amount <= 0) return [];
      const height = amount * scale;
      below += height;
      return [{ series, x: at * step + (step - width) / 2, y: box.height - below, width, height }];
    });
  });
  return {
    bars,
    columns: data.columns.map((_, at) => ({ x: at * step, width: step })),
    ticks: ticks.map((value) => ({ value, y: box.height - value * scale })),
    labelled: labelsOf(data.columns.length, Math.max(1, Math.floor(box.width / 64))),
  };
}

/** Tops of an axis between 1 and 10, and how many steps each is divided into so that every tick is a round number. */
const tops = [
  { factor: 1, steps: 4 },
  { factor: 1.5, steps: 3 },
  { factor: 2, steps: 4 },
  { factor: 2.5, steps: 5 },
  { factor: 3, steps: 3 },
  { factor: 4, steps: 4 },
  { factor: 5, steps: 5 },
  { factor: 6, steps: 3 },
  { factor: 8, steps: 4 },
  { factor: 10, steps: 4 },
] as const;

/** The smallest round number that is not less, and its ticks; 0 for 0. */
export function niceTop(value: number): { top: number; ticks: readonly number[] } {
  if (value <= 0) return { top: 0, ticks: [0] };
  const power = 10 ** Math.floor(Math.log10(value));
  const { factor, steps } = tops.find((candidate) => candidate.factor * power >= value * (1 - 1e-9)) ?? tops[9];
  const top = factor * power;
  return { top, ticks: Array.from({ length: steps + 1 }, (_, at) => (top / steps) * at) };
}

/** Every n-th column counted from the last, which is today. */
function labelsOf(columns: number, most: number): number[] {
  const every = Math.max(1, Math.ceil(columns / most));
  const labels: number[] = [];
  for (let at = columns - 1; at >= 0; at -= every) labels.unshift(at);
  return labels;
}
