/** What is known of a run with a fixed fleet. */
export interface FixedFleetRun {
  readonly workers: number;
  /** Requests that missed their bounds, by the segment they arrived in, up to the last arrival. */
  readonly misses: Float64Array;
}

/** Requests of a segment that missed their bounds; after the last arrival none do. */
export function missesIn({ misses }: FixedFleetRun, segment: number): number {
  return misses[segment] ?? 0;
}

/** What bounds a schedule. */
export interface ScheduleTerms {
  readonly segmentSeconds: number;
  readonly startupSeconds: number;
  /** Replicas at the start: no others are ready before the start-up time has passed. */
  readonly initialReplicas: number;
}

/**
 * The schedule with the least GPU-seconds (a GPU a replica) plus `price` a miss, if every segment went as it does under
 * a fixed fleet of its size. A replica added costs its start-up time, too. Dynamic programming over segments.
 * @param fleets by rising number of workers
 */
export function cheapestSchedule(fleets: readonly FixedFleetRun[], price: number, terms: ScheduleTerms): number[] {
  const { segmentSeconds, startupSeconds, initialReplicas } = terms;
  const segments = fleets.reduce((most, { misses }) => Math.max(most, misses.length), 0);
  const sizes = fleets.map(({ workers }) => workers);
  const possible = (segment: number, size: number): boolean =>
    segment * segmentSeconds >= startupSeconds || size <= initialReplicas || size === sizes[0];
  const costOf = (segment: number, fleet: number): number =>
    price * missesIn(fleets[fleet]!, segment) + sizes[fleet]! * segmentSeconds;

  let costs = sizes.map((size, fleet) => (possible(0, size) ? costOf(0, fleet) : Infinity));
  const before: Int32Array[] = [];
  for (let segment = 1; segment < segments; segment++) {
    const from = new Int32Array(sizes.length);
    const next = sizes.map((size, fleet) => {
      if (!possible(segment, size)) return Infinity;
      let least = Infinity;
      for (let other = 0; other < sizes.length; other++) {
        const cost = costs[other]! + Math.max(0, size - sizes[other]!) * startupSeconds;
        if (cost < least) {
          least = cost;
          from[fleet] = other;
        }
      }
      return least + costOf(segment, fleet);
    });
    before.push(from);
    costs = next;
  }

  const schedule: number[] = Array.from({ length: segments });
  let fleet = costs.reduce((best, cost, i) => (cost < costs[best]! ? i : best), 0);
  for (let segment = segments - 1; segment >= 0; segment--) {
    schedule[segment] = sizes[fleet]!;
    if (segment > 0) fleet = before[segment - 1]![fleet]!;
  }
  return schedule;
}
