/** Attainment that can be had for so many GPU-hours. */
export interface BoundPoint {
  readonly attainment: number;
  readonly gpuHours: number;
}

/** The bound of one cell: what a policy that knows the trace was found to need. */
export interface CellBound {
  readonly trace: string;
  /** null = of every start-up time. */
  readonly startupSeconds: number | null;
  readonly seed: number | null;
  readonly points: readonly BoundPoint[];
}

/**
 * The GPU-hours a bound needs for an attainment: linear between its two points around it, the cheapest point for less than
 * all of them.
 * @returns null beyond its best point
 */
export function hoursFor(attainment: number, points: readonly BoundPoint[]): number | null {
  const front = frontOf(points);
  const above = front.findIndex((point) => point.attainment >= attainment - 1e-12);
  if (above < 0) return null;
  const high = front[above]!;
  const low = front[above - 1];
  if (low === undefined) return high.gpuHours;
  const share = (attainment - low.attainment) / (high.attainment - low.attainment);
  return low.gpuHours + share * (high.gpuHours - low.gpuHours);
}

/** Attainment of the bound at a cost, linear between points; null below its cheapest point. */
export function attainmentFor(gpuHours: number, points: readonly BoundPoint[]): number | null {
  const front = frontOf(points);
  const above = front.findIndex((point) => point.gpuHours >= gpuHours);
  if (above < 0) return front.at(-1)?.attainment ?? null;
  const high = front[above]!;
  const low = front[above - 1];
  if (low === undefined) return high.gpuHours === gpuHours ? high.attainment : null;
  const share = (gpuHours - low.gpuHours) / (high.gpuHours - low.gpuHours);
  return low.attainment + share * (high.attainment - low.attainment);
}

/** Points nothing cheaper is as good as, by rising cost and attainment. */
export function frontOf(points: readonly BoundPoint[]): BoundPoint[] {
  const front: BoundPoint[] = [];
  for (const point of points.toSorted((a, b) => a.gpuHours - b.gpuHours || b.attainment - a.attainment)) {
    if (front.length === 0 || point.attainment > front.at(-1)!.attainment) front.push(point);
  }
  return front;
}
