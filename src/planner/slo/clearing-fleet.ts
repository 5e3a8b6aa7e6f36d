import type { PoolObservation } from "../planner.ts";
import { backlogSeconds, cheapestToClear, shareIntoBacklog, workersToClear } from "./backlog.ts";

/** Time a backlog may always take to be worked off, s. */
const leastClearingSeconds = 30;
/** Most replicas for a backlog's sake, in those steady traffic needs: most of it will be late either way. */
const mostForBacklog = 1.5;

/** Times what serving a request takes that may be spent on one more that is not late. */
const latePrice = 5;

/** Replicas wanted for a while because much waits: those that steady traffic needs leave it waiting for long. */
export class ClearingFleet {
  private readonly startupSeconds: number;
  private readonly thresholdSeconds: number;
  private readonly tolerated: number;
  /** When replicas that are starting were first seen. */
  private readonly startedSeconds = new Map<number, number>();
  /** The last order, and until when it has not shown yet what it can do. */
  private ordered = { untilSeconds: -Infinity, replicas: 0 };

  /**
   * @param thresholdSeconds work waiting on a replica from which on it is a backlog
   * @param tolerated share of requests that may miss
   */
  constructor(startupSeconds: number, thresholdSeconds: number, tolerated: number) {
    this.startupSeconds = startupSeconds;
    this.thresholdSeconds = thresholdSeconds;
    this.tolerated = tolerated;
  }

  /** Sees which replicas start. Wants to be told every tick. */
  watch({ startingIds }: PoolObservation, nowSeconds: number): void {
    for (const id of this.startedSeconds.keys()) if (!startingIds.includes(id)) this.startedSeconds.delete(id);
    for (const id of startingIds) if (!this.startedSeconds.has(id)) this.startedSeconds.set(id, nowSeconds);
  }

  /**
   * Replicas wanted now; 0 = nothing waits for long.
   * @param steady replicas that the traffic needs without a backlog
   * @param clearingRate first tokens a second of one worker with work waiting
   */
  replicas(
    seen: PoolObservation,
    nowSeconds: number,
    traffic: { readonly requestsPerSecond: number; readonly steady: number; readonly clearingRate: () => number },
  ): number {
    const waiting = seen.workers.filter(({ state }) => state === "active").map((worker) => worker.awaitingFirstToken);
    const held = nowSeconds < this.ordered.untilSeconds ? this.ordered.replicas : 0;
    if (!waiting.some((requests) => requests > 0)) return held;
    const clearingRate = traffic.clearingRate();
    if (backlogSeconds(waiting, clearingRate) <= this.thresholdSeconds) return held;
    const size = seen.activeIds.length + seen.startingIds.length;
    const orderSeconds = this.startupSeconds + leastClearingSeconds;
    const backlog = {
      waiting,
      requestsPerSecond: traffic.requestsPerSecond,
      clearingRate,
      readySeconds: this.readySeconds(seen, nowSeconds),
      // Replicas that take long to come are not multiplied for a backlog they would be done with soon.
      clearingSeconds: Math.max(leastClearingSeconds, this.startupSeconds),
    };
    const replicas = Math.ceil(Math.min(workersToClear(backlog), mostForBacklog * traffic.steady));
    // More replicas take nothing of a backlog, only arrivals away from it: are those enough to matter?
    const late = (workers: number): number => shareIntoBacklog(backlog, workers, orderSeconds);
    const least = Math.max(size, traffic.steady);
    // Those that are there do so at once: giving them back now would make more late than they cost.
    const cheapest = cheapestToClear(backlog, { least: Math.max(1, traffic.steady), most: size, price: latePrice });
    const kept = cheapest > traffic.steady ? Math.max(held, cheapest) : held;
    if (late(least) - late(Math.max(least, replicas)) <= this.tolerated) return kept;
    this.ordered = { untilSeconds: nowSeconds + orderSeconds, replicas };
    return Math.max(replicas, kept);
  }

  /** Until all that start are ready, or one started now would be. */
  private readySeconds({ startingIds }: PoolObservation, nowSeconds: number): number {
    if (startingIds.length === 0) return this.startupSeconds;
    return startingIds.reduce(
      (most, id) => Math.max(most, (this.startedSeconds.get(id) ?? nowSeconds) + this.startupSeconds - nowSeconds),
      0,
    );
  }
}
