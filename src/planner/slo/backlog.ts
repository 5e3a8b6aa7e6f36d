/** What waits at a pool, and what comes. */
export interface BacklogState {
  /** Requests without a first token yet, by worker that serves. */
  readonly waiting: readonly number[];
  /** Requests a second expected. */
  readonly requestsPerSecond: number;
  /** First tokens a second of one worker with work waiting. */
  readonly clearingRate: number;
  /** Until more workers serve. */
  readonly readySeconds: number;
  /** Time the backlog may take to be worked off then. */
  readonly clearingSeconds: number;
}

/** How long the mean waiting request's worker needs for all that waits at it, s. */
export function backlogSeconds(waiting: readonly number[], clearingRate: number): number {
  return meanQueue(waiting) / clearingRate;
}

/**
 * Workers with which a backlog is worked off in the time it may take, as fluids: until more workers are ready it grows
 * by what arrives and cannot be served; from then on each of those that have it works it off with what its share of
 * the arrivals leaves free. Infinity when no number is enough.
 */
export function workersToClear(backlog: BacklogState): number {
  const { waiting, requestsPerSecond, clearingRate, readySeconds, clearingSeconds } = backlog;
  const then = meanQueue(waiting) + (requestsPerSecond / waiting.length - clearingRate) * readySeconds;
  if (then <= 0) return 0;
  const free = clearingRate - then / clearingSeconds;
  return free <= 0 ? Infinity : requestsPerSecond / free;
}

/** Length of the queue the mean waiting request stands in: a backlog stays where it is, however many workers come. */
function meanQueue(waiting: readonly number[]): number {
  let sum = 0;
  let squares = 0;
  for (const queue of waiting) {
    sum += queue;
    squares += queue ** 2;
  }
  return sum === 0 ? 0 : squares / sum;
}
