import type { Twin, TwinConditions, TwinRequests } from "./twin.ts";

/** A size no fleet is asked to exceed while searching. */
const mostWorkers = 4096;

/**
 * How many workers a pool needs for given requests: the twin plays them on fleets of different sizes. A request that
 * would miss its bounds even on an engine of its own is nobody's fault; of the others, a share of 1 − goal may miss.
 */
export class FleetSizing {
  /** Requests that some fleet could serve within the bounds. */
  readonly attainable: number;
  /** Misses among them that the goal tolerates. */
  readonly tolerated: number;
  private readonly twin: Twin;
  private readonly requests: TwinRequests;
  private readonly conditions: TwinConditions;
  private readonly known = new Map<number, number>();

  /** @param goal share of the attainable requests to serve within the bounds, 0..1 */
  constructor(twin: Twin, requests: TwinRequests, conditions: TwinConditions, goal: number) {
    this.twin = twin;
    this.requests = requests;
    this.conditions = conditions;
    this.attainable = twin.attainable(requests, conditions);
    this.tolerated = (1 - goal) * this.attainable;
  }

  /** Attainable requests that miss their bounds on `workers` workers. */
  misses(workers: number): number {
    let misses = this.known.get(workers);
    if (misses === undefined) {
      misses = Math.max(0, this.attainable - this.twin.requestsMet(this.requests, workers, this.conditions));
      this.known.set(workers, misses);
    }
    return misses;
  }

  /** More miss on `workers` workers than the goal tolerates, by more than `errors` standard errors of the count. */
  isShort(workers: number, errors: number): boolean {
    const misses = this.misses(workers);
    return misses - errors * Math.sqrt(misses) > this.tolerated;
  }

  /**
   * Least workers whose misses, raised by `errors` standard errors, are tolerated.
   * @param near where to begin looking
   */
  least(errors: number, near: number): number {
    const holds = (workers: number): boolean => {
      const misses = this.misses(workers);
      return misses + errors * Math.sqrt(misses) <= this.tolerated;
    };
    let high = Math.max(1, near);
    if (holds(high)) {
      while (high > 1 && holds(high - 1)) high--;
      return high;
    }
    let low = high;
    while (!holds(high)) {
      if (high >= mostWorkers || high > this.requests.count) return high;
      low = high;
      high = Math.ceil(high * 1.3);
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (holds(middle)) high = middle;
      else low = middle;
    }
    return high;
  }
}
