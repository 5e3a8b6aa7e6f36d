import type { Demand } from "./demand.ts";
import type { FleetSizing } from "./fleet-sizing.ts";
import type { RequestSample } from "./request-sample.ts";
import type { TwinConditions } from "./twin-server.ts";

/** What a decision rests on. */
export interface Outlook {
  readonly nowSeconds: number;
  /** Until a replica started now has been of use for half the time to the next decision. */
  readonly horizonSeconds: number;
  /** Traffic expected then. */
  readonly demand: Demand;
  /** Requests a second for which fewer replicas have to be enough. */
  readonly readyForPerSecond: number;
  /** Requests from this time on are played. */
  readonly fromSeconds: number;
  readonly sample: RequestSample;
  readonly conditions: TwinConditions;
  /** Share of the attainable requests that may miss, 0..1. */
  readonly tolerated: number;
  /** How the pool fares with the sample, by how many requests come a second. */
  readonly sizingAt: (requestsPerSecond: number) => FleetSizing;
  /** That at the traffic expected. */
  readonly expected: FleetSizing;
}

/** Replicas just enough for the traffic expected; those safe to go down to; those enough by far. */
export interface FoundSizes {
  readonly enough: number;
  readonly safe: number;
  readonly sure: number;
}

/** The figures of a decision, as they stand in the result. */
export function sizeRecord(
  outlook: Outlook,
  found: FoundSizes,
  rest: {
    /** Of the replicas there are, at the traffic expected, 0..1. */
    readonly expectedMissShare: number;
    /** Replicas wanted because much waits. */
    readonly clearing: number;
    /** How long needs count. */
    readonly holdSeconds: number;
    /** Work a replica has waiting. */
    readonly waitingSeconds: number;
  },
): Readonly<Record<string, number>> {
  const { sample, demand } = outlook;
  return {
    played_requests: sample.count,
    played_seconds: outlook.nowSeconds - outlook.fromSeconds,
    expected_requests_per_second: demand.requestsPerSecond,
    ready_for_requests_per_second: outlook.readyForPerSecond,
    speed_of_play: sample.count === 0 ? 1 : demand.requestsPerSecond / sample.ownRate,
    expected_miss_share: rest.expectedMissShare,
    tolerated_miss_share: outlook.tolerated,
    enough_replicas: found.enough,
    safe_replicas: found.safe,
    clearing_replicas: rest.clearing,
    hold_seconds: rest.holdSeconds,
    pass_time_ratio: outlook.conditions.slowness,
    waiting_seconds: rest.waitingSeconds,
  };
}
