import { lastAtMost, nearestKey } from "./bracket.ts";

/**
 * Times measured at some points of a grid with three axes, the outer two complete keys of nested lists (heads, then
 * sequence or batch, then batch or sequence); rows differ in how far they reach.
 */
export class MeasuredGrid {
  private readonly outerKeys: Float64Array;
  private readonly planes: readonly Plane[];
  private readonly roofline: Roofline;
  private readonly rootAxis: Axis | null;
  private readonly beyond: BeyondRule;

  /**
   * @param points coordinates (outer, middle, inner) and time; the first of equal coordinates counts
   * @param roofline time at the roofline for given coordinates: extrapolations keep the ratio to it
   * @param rootAxis axis along which times are blended by their square roots; null = all linear
   * @param beyond which measured point's ratio to the roofline holds past the grid
   */
  constructor(points: GridPoints, roofline: Roofline, rootAxis: Axis | null, beyond: BeyondRule) {
    this.roofline = roofline;
    this.rootAxis = rootAxis;
    this.beyond = beyond;
    const nested = new Map<number, Map<number, Map<number, number>>>();
    for (let i = 0; i < points.times.length; i++) {
      const plane = entry(nested, points.outer[i]!, () => new Map<number, Map<number, number>>());
      const row = entry(plane, points.middle[i]!, () => new Map<number, number>());
      const inner = points.inner[i]!;
      if (!row.has(inner)) row.set(inner, points.times[i]!);
    }
    this.outerKeys = Float64Array.from(nested.keys()).toSorted();
    this.planes = Array.from(this.outerKeys, (key) => planeOf(nested.get(key)!));
  }

  /** Time at any coordinates: between points by blending, past them by keeping the nearest edge's ratio to the roofline. */
  at(outer: number, middle: number, inner: number): number {
    const found = this.blended(outer, middle, inner);
    return Number.isNaN(found) ? this.held(outer, middle, inner) : found;
  }

  /** NaN when neither side of a bracket is measured. */
  private blended(outer: number, middle: number, inner: number): number {
    const below = lastAtMost(this.outerKeys, outer);
    const low = this.outerKeys[below] ?? Number.NaN;
    if (low === outer) return this.inPlane(this.planes[below]!, outer, middle, inner);
    if (below < 0 || below === this.outerKeys.length - 1) return Number.NaN;
    const high = this.outerKeys[below + 1]!;
    const left = this.inPlane(this.planes[below]!, low, middle, inner);
    const right = this.inPlane(this.planes[below + 1]!, high, middle, inner);
    if (Number.isNaN(left)) return this.survivor(right, outer, middle, inner, high, middle, inner);
    if (Number.isNaN(right)) return this.survivor(left, outer, middle, inner, low, middle, inner);
    return this.blend("outer", left, right, (outer - low) / (high - low));
  }

  private inPlane({ keys, rows }: Plane, outer: number, middle: number, inner: number): number {
    const below = lastAtMost(keys, middle);
    const low = keys[below] ?? Number.NaN;
    if (low === middle) return this.inRow(rows[below]!, inner);
    if (below < 0 || below === keys.length - 1) return Number.NaN;
    const high = keys[below + 1]!;
    const left = this.inRow(rows[below]!, inner);
    const right = this.inRow(rows[below + 1]!, inner);
    if (Number.isNaN(left)) return this.survivor(right, outer, middle, inner, outer, high, inner);
    if (Number.isNaN(right)) return this.survivor(left, outer, middle, inner, outer, low, inner);
    return this.blend("middle", left, right, (middle - low) / (high - low));
  }

  private inRow({ keys, times }: Row, inner: number): number {
    const below = lastAtMost(keys, inner);
    const low = keys[below] ?? Number.NaN;
    if (low === inner) return times[below]!;
    if (below < 0 || below === keys.length - 1) return Number.NaN;
    return this.blend("inner", times[below]!, times[below + 1]!, (inner - low) / (keys[below + 1]! - low));
  }

  private blend(axis: Axis, left: number, right: number, share: number): number {
    if (axis !== this.rootAxis) return left + (right - left) * share;
    const root = Math.sqrt(left) + (Math.sqrt(right) - Math.sqrt(left)) * share;
    return root * root;
  }

  /** The measured side of a bracket, carried over by the roofline's ratio. */
  private survivor(
    time: number,
    outer: number,
    middle: number,
    inner: number,
    atOuter: number,
    atMiddle: number,
    atInner: number,
  ): number {
    return (time * this.roofline(outer, middle, inner)) / this.roofline(atOuter, atMiddle, atInner);
  }

  private held(outer: number, middle: number, inner: number): number {
    const atOuter = nearestKey(this.outerKeys, outer);
    const plane = this.planes[atOuter]!;
    const [atMiddle, atInner] =
      this.beyond === "nearest-point" ? nearestPoint(plane, middle, inner) : this.edge(plane, middle, inner);
    const row = plane.rows[atMiddle]!;
    return this.survivor(
      row.times[atInner]!,
      outer,
      middle,
      inner,
      this.outerKeys[atOuter]!,
      plane.keys[atMiddle]!,
      row.keys[atInner]!,
    );
  }

  /** Nearest middle key (the lower one on a tie), then the last or the nearest point of its row. */
  private edge({ keys, rows }: Plane, middle: number, inner: number): [number, number] {
    const atMiddle = nearestKey(keys, middle);
    const row = rows[atMiddle]!;
    return [atMiddle, this.beyond === "row-end" ? row.keys.length - 1 : nearestKey(row.keys, inner)];
  }
}

/** The measured point nearest in log space. */
function nearestPoint({ keys, rows }: Plane, middle: number, inner: number): [number, number] {
  let best: [number, number] = [0, 0];
  let least = Infinity;
  for (let i = 0; i < keys.length; i++) {
    const row = rows[i]!;
    const j = nearestInLogs(row.keys, inner);
    const distance = Math.hypot(Math.log2(keys[i]! / middle), Math.log2(row.keys[j]! / inner));
    if (distance < least) {
      least = distance;
      best = [i, j];
    }
  }
  return best;
}

function nearestInLogs(keys: Float64Array, wanted: number): number {
  const below = lastAtMost(keys, wanted);
  if (below < 0) return 0;
  if (below === keys.length - 1) return below;
  return wanted * wanted <= keys[below]! * keys[below + 1]! ? below : below + 1;
}

/** Measured points as parallel lists. */
export interface GridPoints {
  readonly outer: readonly number[];
  readonly middle: readonly number[];
  readonly inner: readonly number[];
  /** Milliseconds. */
  readonly times: readonly number[];
}

/**
 * Past the grid: the last point of the nearest row, the point of that row nearest to the wanted one, or the point
 * nearest in both coordinates.
 */
export type BeyondRule = "row-end" | "nearest-in-row" | "nearest-point";

/** Time the hardware cannot go below, in the unit of the measured times. */
export type Roofline = (outer: number, middle: number, inner: number) => number;
/** The three coordinates of a grid, in the order its lists are nested. */
export type Axis = "outer" | "middle" | "inner";

interface Row {
  readonly keys: Float64Array;
  readonly times: Float64Array;
}

interface Plane {
  readonly keys: Float64Array;
  readonly rows: readonly Row[];
}

function planeOf(rows: ReadonlyMap<number, ReadonlyMap<number, number>>): Plane {
  const keys = Float64Array.from(rows.keys()).toSorted();
  return {
    keys,
    rows: Array.from(keys, (key) => {
      const row = rows.get(key)!;
      const inner = Float64Array.from(row.keys()).toSorted();
      return { keys: inner, times: Float64Array.from(inner, (at) => row.get(at)!) };
    }),
  };
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
