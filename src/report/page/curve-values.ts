import type { ChartSpec, Curve } from "./chart-spec.ts";

/** Place of the last value ≤ x in an ascending column; −1 = none. */
export function lastAt(column: readonly number[], x: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** What a curve shows at x: the value held there (steps) or the nearest one. */
export function valueAt(curve: Curve, x: number): number | null {
  const before = lastAt(curve.x, x);
  if (curve.kind === "step" || before === curve.x.length - 1) return before < 0 ? null : (curve.y[before] ?? null);
  if (before < 0) return curve.y[0] ?? null;
  const nearer = x - curve.x[before]! <= curve.x[before + 1]! - x ? before : before + 1;
  return curve.y[nearer] ?? null;
}

/** Least and largest value of the curves between two places, those that hold on from the left included. */
export function extent(curves: readonly Curve[], from: number, to: number, log: boolean): readonly [number, number] {
  let least = Infinity;
  let largest = -Infinity;
  for (const { x, y, unscaled } of curves) {
    if (unscaled === true) continue;
    const start = Math.max(0, lastAt(x, from));
    for (let k = start; k < x.length && (x[k]! <= to || k === start); k++) {
      const value = y[k];
      if (value === null || value === undefined || (log && value <= 0)) continue;
      if (value < least) least = value;
      if (value > largest) largest = value;
    }
  }
  return [least, largest];
}

/** Vertical range of a chart over a stretch of its horizontal axis. */
export function verticalRange(spec: ChartSpec, from: number, to: number): [number, number] {
  if (spec.lanes !== undefined) return [0, Math.max(1, spec.lanes.length)];
  const log = spec.log === true;
  const [least, largest] = extent(spec.curves, from, to, log);
  if (!(largest >= least)) return log ? [1, 10] : [0, spec.top ?? 1];
  if (log) {
    // A handful of near-zero values must not squeeze the rest.
    const bottom = Math.max(least, largest / 10 ** (spec.decades ?? 5));
    return [bottom / 1.25, Math.max(largest * 1.25, bottom * 2)];
  }
  if (spec.top !== undefined) return [Math.min(0, least), spec.top];
  return [Math.min(0, least * 1.08), largest <= 0 ? 1 : Math.min(largest, spec.ceiling ?? Infinity) * 1.08];
}

/** Marks of a vertical axis: round steps, or 1-2-5 in logarithmic ones. */
export function verticalTicks(min: number, max: number, log: boolean, most: number, whole = false): number[] {
  if (!log) {
    const rough = (max - min) / Math.max(1, most);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10, 100]
      .map((factor) => factor * power)
      .find((candidate) => candidate >= rough && (!whole || Number.isInteger(candidate)))!;
    const ticks: number[] = [];
    for (let k = Math.ceil(min / step - 1e-9); k * step <= max * (1 + 1e-9); k++)
      ticks.push(Number((k * step).toPrecision(12)));
    return ticks;
  }
  for (const factors of [[1, 2, 5], [1, 3], [1]]) {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
      for (const factor of factors) {
        const value = Number((factor * 10 ** power).toPrecision(6));
        if (value >= min && value <= max) ticks.push(value);
      }
    }
    if (ticks.length <= Math.max(2, most) || factors.length === 1) return ticks;
  }
  return [];
}
