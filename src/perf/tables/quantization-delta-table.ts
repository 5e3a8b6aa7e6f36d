import { lastAtMost } from "./bracket.ts";

/**
 * Time a statically quantised product saves, measured over rows and depth (ms): bilinear inside the measured range,
 * held at its edge outside.
 */
export class QuantizationDeltaTable {
  private readonly rows: Float64Array;
  private readonly depths: Float64Array;
  private readonly times = new Map<number, number>();
  private readonly scalesOutside: boolean;

  /**
   * @param points measured (rows, depth, ms); the first of equal ones counts
   * @param scalesOutside outside the range the edge is scaled by the size of the matrix
   */
  constructor(points: Iterable<readonly [number, number, number]>, scalesOutside: boolean) {
    this.scalesOutside = scalesOutside;
    const rows = new Set<number>();
    const depths = new Set<number>();
    for (const [row, depth, ms] of points) {
      rows.add(row);
      depths.add(depth);
      const key = cellKey(row, depth);
      if (!this.times.has(key)) this.times.set(key, ms);
    }
    this.rows = Float64Array.from(rows).toSorted();
    this.depths = Float64Array.from(depths).toSorted();
  }

  get isEmpty(): boolean {
    return this.times.size === 0;
  }

  at(rows: number, depth: number): number {
    const row = clamp(rows, this.rows);
    const column = clamp(depth, this.depths);
    const scale = this.scalesOutside ? (rows * depth) / (row * column) : 1;
    const top = bracket(this.rows, row);
    const left = bracket(this.depths, column);
    const at = (i: number, j: number) => this.times.get(cellKey(this.rows[i]!, this.depths[j]!)) ?? 0;
    const upper = at(top.low, left.low) + (at(top.low, left.high) - at(top.low, left.low)) * left.share;
    const lower = at(top.high, left.low) + (at(top.high, left.high) - at(top.high, left.low)) * left.share;
    return (upper + (lower - upper) * top.share) * scale;
  }
}

function cellKey(row: number, depth: number): number {
  return row * 2 ** 26 + depth;
}

function clamp(value: number, keys: Float64Array): number {
  return Math.min(Math.max(value, keys[0]!), keys[keys.length - 1]!);
}

function bracket(keys: Float64Array, value: number): { low: number; high: number; share: number } {
  const low = lastAtMost(keys, value);
  if (keys[low] === value) return { low, high: low, share: 0 };
  return { low, high: low + 1, share: (value - keys[low]!) / (keys[low + 1]! - keys[low]!) };
}
