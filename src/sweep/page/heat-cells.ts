import type { AxisValue } from "../axis.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";

/** A combination of two values: the mean of its runs, and the first of them. */
export interface HeatCell {
  readonly mean: number;
  readonly place: number;
  /** 0 (least) … 50 (most): percent of the full colour. */
  readonly heat: number;
}

/** A figure over two varied quantities. */
export interface HeatCells {
  readonly rows: readonly AxisValue[];
  readonly columns: readonly AxisValue[];
  /** By row, then by column; null = no run. */
  readonly cells: ReadonlyArray<ReadonlyArray<HeatCell | null>>;
  readonly low: number;
  readonly high: number;
}

const mostHeat = 50;

/** The first quantity goes down, the second across. */
export function heatCells(data: SweepPageData, name: SweepFigure): HeatCells {
  const [down, across] = data.axes as [SweepPageData["axes"][number], SweepPageData["axes"][number]];
  const rows = ordered(down.values);
  const columns = ordered(across.values);
  const rowOf = new Map(rows.map((value, row) => [value, row]));
  const columnOf = new Map(columns.map((value, column) => [value, column]));
  const sums = rows.map(() => columns.map(() => ({ sum: 0, count: 0, place: 0 })));
  for (const [place, value] of data.figures[name].entries()) {
    if (value === null) continue;
    const cell = sums[rowOf.get(down.values[place]!)!]![columnOf.get(across.values[place]!)!]!;
    if (cell.count === 0) cell.place = place;
    cell.sum += value;
    cell.count++;
  }
  let low = Infinity;
  let high = -Infinity;
  for (const { sum, count } of sums.flat()) {
    if (count === 0) continue;
    low = Math.min(low, sum / count);
    high = Math.max(high, sum / count);
  }
  const cells = sums.map((row) =>
    row.map(({ sum, count, place }) => {
      if (count === 0) return null;
      const mean = sum / count;
      return { mean, place, heat: Math.round(high > low ? ((mean - low) / (high - low)) * mostHeat : 0) };
    }),
  );
  return { rows, columns, cells, low, high };
}

/** Distinct values, numbers by size. */
function ordered(values: readonly AxisValue[]): AxisValue[] {
  const distinct = [...new Set(values)];
  return distinct.every((value) => typeof value === "number") ? distinct.toSorted((a, b) => a - b) : distinct;
}
