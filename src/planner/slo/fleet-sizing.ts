import type { Played, Twin } from "./twin.ts";
import type { TwinConditions, TwinRequests } from "./twin-server.ts";

/** A size no fleet is asked to exceed while searching. */
const mostWorkers = 4096;
/** Requests played on a fleet, about: those of a part of it when there are more. */
const mostPlayed = 4000;

/**
 * How many workers a pool needs for given requests: the twin plays them on fleets of different sizes. A request that
 * would miss its bounds even on an engine of its own is nobody's fault; of the others, some may miss.
 */
export class FleetSizing {
  private readonly twin: Twin;
  private readonly requests: TwinRequests;
  private readonly conditions: TwinConditions;
  private readonly tolerated: number;
  private readonly attainable: Uint8Array;
  private readonly rounds: number;
  private readonly known = new Map<number, Played>();

  /**
   * @param tolerated share of the attainable requests that may miss the bounds, 0..1
   * @param attainable by distinct request: 1 = some fleet could serve it within the bounds
   */
  constructor(
    twin: Twin,
    requests: TwinRequests,
    conditions: TwinConditions,
    tolerated: number,
    attainable: Uint8Array,
  ) {
    this.twin = twin;
    this.requests = requests;
    this.conditions = conditions;
    this.tolerated = tolerated;
    this.attainable = attainable;
    this.rounds = requests.distinct === 0 ? 1 : requests.count / requests.distinct;
  }

  /** How the requests fare on `workers` workers. */
  play(workers: number): Played {
    let played = this.known.get(workers);
    if (played === undefined) {
      played = this.twin.play(this.requests, this.attainable, workers, this.conditions, mostPlayed);
      this.known.set(workers, played);
    }
    return played;
  }

  /** Share of the attainable requests that miss their bounds on `workers` workers, 0..1. */
  missShare(workers: number): number {
    const { attainable, missed } = this.play(workers);
    return attainable === 0 ? 0 : missed / attainable;
  }

  /** More miss on `workers` workers than tolerated, by more than `errors` standard errors of the count. */
  isShort(workers: number, errors: number): boolean {
    return !this.holds(workers, -errors);
  }

  /** Misses, raised by `errors` standard errors, are tolerated. */
  private holds(workers: number, errors: number): boolean {
    const { attainable, missed } = this.play(workers);
    // A request played in every round counts as one.
    return missed + errors * Math.sqrt(missed * this.rounds) - this.tolerated * attainable <= 0;
  }

  /** Least workers, at most `most`, whose misses, raised by `errors` standard errors, are tolerated; `most` if none. */
  leastUpTo(most: number, errors: number): number {
    let workers = Math.max(1, most);
    if (!this.holds(workers, errors)) return workers;
    while (workers > 1 && this.holds(workers - 1, errors)) workers--;
    return workers;
  }

  /**
   * Least workers whose misses, raised by `errors` standard errors, are tolerated.
   * @param near where to begin looking
   */
  least(errors: number, near: number): number {
    let high = Math.max(1, near);
    if (this.holds(high, errors)) return this.leastUpTo(high, errors);
    let low = high;
    while (!this.holds(high, errors)) {
      if (high >= mostWorkers || high > this.requests.count) return high;
      low = high;
      high = Math.ceil(high * 1.3);
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.holds(middle, errors)) high = middle;
      else low = middle;
    }
    return high;
  }
}
