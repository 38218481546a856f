import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, niceTop } from './chart.js';

const box = { width: 860, height: 220 };

function data(columns: readonly (readonly number[])[]) {
  const series = (columns[0] ?? []).map((_, at) => ({ id: String(at), name: String(at) }));
  return {
    series,
    columns: columns.map((amounts, at) => ({
      day: String(at),
      amounts,
      total: amounts.reduce((sum, amount) => sum + amount, 0),
    })),
  };
}

describe('a stacked chart', () => {
  it('keeps every bar inside the box and stacks them without a gap', () => {
    const amount = fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e9, noNaN: true }));
    const columns = fc.array(fc.tuple(amount, amount, amount), { minLength: 1, maxLength: 90 });
    fc.assert(
      fc.property(columns, (amounts) => {
        const { bars } = layOut(data(amounts), box);
        for (const column of bars) {
          let floor = box.height;
          for (const bar of column) {
            expect(bar.y + bar.height).toBeCloseTo(floor, 6);
            expect(bar.y).toBeGreaterThanOrEqual(-1e-6);
            expect(bar.x).toBeGreaterThanOrEqual(0);
            expect(bar.x + bar.width).toBeLessThanOrEqual(box.width + 1e-6);
            floor = bar.y;
          }
        }
      }),
    );
  });

  it('of nothing has a base line and no bars', () => {
    const layout = layOut(data([[0], [0]]), box);
    expect(layout.bars.flat()).toEqual([]);
    expect(layout.ticks).toEqual([{ value: 0, y: box.height }]);
  });

  it('writes the last day and as many before it as there is room for', () => {
    const layout = layOut(data(Array.from({ length: 30 }, () => [1])), box);
    expect(layout.labelled.at(-1)).toBe(29);
    expect(layout.labelled.length).toBeLessThanOrEqual(13);
    expect(layOut(data(Array.from({ length: 7 }, () => [1])), box).labelled).toHaveLength(7);
  });

  it.each([
    [0, 0, 1],
    [1, 1, 5],
    [1.01, 1.5, 4],
    [2.2, 2.5, 6],
    [5.7, 6, 4],
    [0.0007, 0.0008, 5],
    [9_100, 10_000, 5],
  ])('ends above %d at %d, with %d ticks', (value, top, ticks) => {
    expect(niceTop(value).top).toBeCloseTo(top, 12);
    expect(niceTop(value).ticks).toHaveLength(ticks);
  });
});
