import { lastAtMost } from "./bracket.ts";

/** Measured times of one matrix (columns × depth) over the number of rows, ascending; ms. */
interface Site {
  readonly columns: number;
  readonly depth: number;
  readonly rows: number[];
  readonly times: number[];
}

/** Neighbouring matrices an unmeasured one is estimated from. */
const NEIGHBOURS = 4;
/** How far they may be, in octaves along each side. */
const REACH = 2;
/** Points at the end of a curve whose median efficiency holds beyond it. */
const HELD_POINTS = 3;

/**
 * Measured matrix products of one number format (perf-model-reference §A): linear between measured row counts; an
 * unmeasured matrix takes the efficiency of its four nearest in log space.
 */
export class GemmTable {
  private readonly sites = new Map<string, Site>();
  private readonly neighbours = new Map<string, Site[]>();
  private readonly roofline: (rows: number, columns: number, depth: number) => number;
  private readonly largestColumns: number;
  private readonly largestDepth: number;

  /**
   * @param points measured (rows, columns, depth, ms); the first of equal ones counts
   * @param roofline least time, ms: measured times below it are raised to it
   */
  constructor(points: Iterable<readonly [number, number, number, number]>, roofline: GemmTable["roofline"]) {
    this.roofline = roofline;
    const curves = new Map<string, { columns: number; depth: number; curve: Map<number, number> }>();
    for (const [rows, columns, depth, ms] of points) {
      const key = siteKey(columns, depth);
      let site = curves.get(key);
      if (site === undefined) {
        site = { columns, depth, curve: new Map() };
        curves.set(key, site);
      }
      if (!site.curve.has(rows)) site.curve.set(rows, Math.max(ms, roofline(rows, columns, depth)));
    }
    for (const [key, { columns, depth, curve }] of curves) {
      const rows = [...curve.keys()].toSorted((a, b) => a - b);
      this.sites.set(key, { columns, depth, rows, times: rows.map((at) => curve.get(at)!) });
    }
    const all = [...this.sites.values()];
    this.largestColumns = Math.max(...all.map(({ columns }) => columns));
    this.largestDepth = Math.max(...all.map(({ depth }) => depth));
  }

  get isEmpty(): boolean {
    return this.sites.size === 0;
  }

  /** Time of a product in ms. */
  at(rows: number, columns: number, depth: number): number {
    const site = this.sites.get(siteKey(columns, depth));
    if (site !== undefined) return this.onCurve(site, rows);
    const near = this.nearest(rows, columns, depth);
    let weights = 0;
    let efficiency = 0;
    for (const neighbour of near) {
      const weight = 1 / distance(neighbour, columns, depth) ** 2;
      const reached = this.roofline(rows, neighbour.columns, neighbour.depth) / this.onCurve(neighbour, rows);
      weights += weight;
      efficiency += weight * reached;
    }
    return this.roofline(rows, columns, depth) / (efficiency / weights);
  }

  private onCurve(site: Site, rows: number): number {
    const { rows: keys, times, columns, depth } = site;
    const below = lastAtMost(keys, rows);
    if (below >= 0 && keys[below] === rows) return times[below]!;
    if (below >= 0 && below < keys.length - 1) {
      const low = keys[below]!;
      const share = (rows - low) / (keys[below + 1]! - low);
      return times[below]! + (times[below + 1]! - times[below]!) * share;
    }
    if (below < 0) return (times[0]! * this.roofline(rows, columns, depth)) / this.roofline(keys[0]!, columns, depth);
    const held = keys.slice(-HELD_POINTS).map((at, index, last) => {
      const time = times[keys.length - last.length + index]!;
      return this.roofline(at, columns, depth) / time;
    });
    return this.roofline(rows, columns, depth) / median(held);
  }

  /** The four nearest matrices whose curve reaches the row count, or simply the four nearest when none does. */
  private nearest(rows: number, columns: number, depth: number): Site[] {
    const covered = [...this.candidates(columns, depth)].filter((site) => site.rows.at(-1)! >= rows);
    return (covered.length > 0 ? covered : this.candidates(columns, depth)).slice(0, NEIGHBOURS);
  }

  /** Matrices within reach, nearest first; a side larger than any measured one is not held against them. */
  private candidates(columns: number, depth: number): Site[] {
    const key = siteKey(columns, depth);
    const known = this.neighbours.get(key);
    if (known !== undefined) return known;
    const wide = columns > this.largestColumns;
    const deep = depth > this.largestDepth;
    const waiveColumns = wide && !deep;
    const waiveDepth = deep && !wide;
    const all = [...this.sites.values()].toSorted(
      (a, b) => distance(a, columns, depth) - distance(b, columns, depth) || a.columns - b.columns || a.depth - b.depth,
    );
    const near = all.filter(
      (site) =>
        (waiveColumns || Math.abs(Math.log2(site.columns / columns)) <= REACH) &&
        (waiveDepth || Math.abs(Math.log2(site.depth / depth)) <= REACH),
    );
    const found = near.length > 0 ? near : all;
    this.neighbours.set(key, found);
    return found;
  }
}

function siteKey(columns: number, depth: number): string {
  return `${columns}x${depth}`;
}

function distance(site: Site, columns: number, depth: number): number {
  return Math.hypot(Math.log2(site.columns / columns), Math.log2(site.depth / depth));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
