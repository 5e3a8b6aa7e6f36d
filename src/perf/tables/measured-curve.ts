import { lastAtMost } from "./bracket.ts";

/** Measured times over a size: linear between points, proportional to the size outside them. ms. */
export class MeasuredCurve {
  private readonly sizes: Float64Array;
  private readonly times: Float64Array;

  /** @param points (size, ms); the first of equal sizes counts */
  constructor(points: Iterable<readonly [number, number]>) {
    const curve = new Map<number, number>();
    for (const [size, ms] of points) if (!curve.has(size)) curve.set(size, ms);
    this.sizes = Float64Array.from(curve.keys()).toSorted();
    this.times = Float64Array.from(this.sizes, (size) => curve.get(size)!);
  }

  get isEmpty(): boolean {
    return this.sizes.length === 0;
  }

  at(size: number): number {
    const { sizes, times } = this;
    const below = lastAtMost(sizes, size);
    if (below < 0) return (times[0]! * size) / sizes[0]!;
    if (sizes[below] === size) return times[below]!;
    if (below === sizes.length - 1) return (times[below]! * size) / sizes[below]!;
    const share = (size - sizes[below]!) / (sizes[below + 1]! - sizes[below]!);
    return times[below]! + (times[below + 1]! - times[below]!) * share;
  }
}
