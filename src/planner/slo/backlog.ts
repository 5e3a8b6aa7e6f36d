/** Costs up to so many times the least are about the same. */
const aboutTheSame = 1.1;

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
  const { requestsPerSecond, clearingRate, clearingSeconds } = backlog;
  const queue = queueWhenReady(backlog);
  if (queue <= 0) return 0;
  const free = clearingRate - queue / clearingSeconds;
  return free <= 0 ? Infinity : requestsPerSecond / free;
}

/**
 * Share of what arrives in `seconds` from when more workers serve that goes to one with a backlog, when `workers` serve
 * then: those that have it get their share of the arrivals until they have worked it off.
 */
export function shareIntoBacklog(backlog: BacklogState, workers: number, seconds: number): number {
  const { waiting, requestsPerSecond, clearingRate } = backlog;
  const queue = queueWhenReady(backlog);
  if (queue <= 0) return 0;
  const free = clearingRate - requestsPerSecond / workers;
  const lasts = free <= 0 ? Infinity : queue / free;
  const holders = waiting.reduce((sum, own) => sum + own, 0) / meanQueue(waiting);
  return Math.min(1, holders / workers) * Math.min(1, lasts / seconds);
}

/**
 * Workers, from `least` to `most`, with which working a backlog off costs least: those beyond `least` until it is done,
 * and `price` times the serving of a request for each that comes to a worker with a backlog until then. How long the
 * backlog is makes no difference. Of numbers that cost about the same the largest: fewest are late.
 * @param least workers that the traffic needs without a backlog
 */
export function cheapestToClear(
  { waiting, requestsPerSecond, clearingRate }: Pick<BacklogState, "waiting" | "requestsPerSecond" | "clearingRate">,
  { least, most, price }: { readonly least: number; readonly most: number; readonly price: number },
): number {
  const holders = waiting.reduce((sum, own) => sum + own, 0) / meanQueue(waiting);
  const cost = (workers: number): number => {
    const free = clearingRate - requestsPerSecond / workers;
    if (free <= 0) return Infinity;
    return (workers - least + price * least * Math.min(1, holders / workers)) / free;
  };
  let cheapest = Infinity;
  for (let workers = least; workers <= most; workers++) cheapest = Math.min(cheapest, cost(workers));
  let workers = most;
  while (workers > least && cost(workers) > aboutTheSame * cheapest) workers--;
  return workers;
}

/** Requests the mean waiting one will stand behind when more workers serve. */
function queueWhenReady({ waiting, requestsPerSecond, clearingRate, readySeconds }: BacklogState): number {
  return meanQueue(waiting) + (requestsPerSecond / waiting.length - clearingRate) * readySeconds;
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
