import { shareText } from "../../share-text.ts";
import type { Demand } from "./demand.ts";
import type { KeptFleet } from "./fleet-memory.ts";
import type { FleetSizing } from "./fleet-sizing.ts";

/** What a decision looked at. */
export interface SizeReasons {
  /** Requests played. */
  readonly played: number;
  readonly demand: Demand;
  readonly horizonSeconds: number;
  /** Replicas that the traffic needs without a backlog. */
  readonly steady: number;
  /** Requests without a first token. */
  readonly waiting: number;
  readonly kept: KeptFleet;
  readonly tolerated: number;
}

/** Why a pool of `from` replicas is to have `to`. */
export function sizeSentence(
  from: number,
  to: number,
  reasons: SizeReasons,
  sizing: Pick<FleetSizing, "missShare">,
): string {
  const { played, demand, horizonSeconds, steady, waiting, kept, tolerated } = reasons;
  const rate = demand.requestsPerSecond.toPrecision(3);
  const expected = `at ${rate} requests/s (expected in ${Math.round(horizonSeconds)} s) like the last ${played}`;
  const misses = (workers: number): string => shareText(sizing.missShare(Math.max(1, workers)));
  const within = "of the requests that can meet the SLA";
  const may = `${shareText(tolerated)} may`;
  if (to > from && to > steady) {
    return `Scale up ${from} → ${to}: ${waiting} requests wait for their first token; ${steady} are enough ${expected}, with ${to} what waits is worked off sooner.`;
  }
  if (to > from) {
    return `Scale up ${from} → ${to}: ${expected}, ${misses(from)} ${within} would miss it on ${from}, ${may}; on ${to} it is ${misses(to)}.`;
  }
  const left = `${misses(to)} ${within} would miss it, ${may}`;
  if (to < from) {
    const why = kept.sure
      ? `${to} would do at three times the traffic`
      : `${to} would have sufficed for ${Math.round(kept.holdSeconds)} s`;
    return `Scale down ${from} → ${to}: ${why}; ${expected}, ${left}.`;
  }
  return `Stay at ${from}: ${expected}, ${left}.`;
}
