import { describe, expect, it } from "vitest";
import type { PoolObservation } from "../planner.ts";
import { ClearingFleet } from "./clearing-fleet.ts";

function pool(waiting: readonly number[], startingIds: readonly number[] = []): PoolObservation {
  return {
    activeIds: waiting.map((_, id) => id),
    startingIds,
    drainingIds: [],
    gpusPerWorker: 1,
    passes: [],
    inFlight: 0,
    meanInFlight: 0,
    workers: waiting.map((awaitingFirstToken, id) => ({
      id,
      state: "active",
      inFlight: awaitingFirstToken,
      awaitingFirstToken,
      awaitingInputTokens: 0,
      running: 0,
      waiting: 0,
      kvUtilisation: 0,
      busyShare: 0,
    })),
  };
}

const traffic = { requestsPerSecond: 20, steady: 4, clearingRate: () => 5 };

describe("ClearingFleet", () => {
  it("wants nothing where little waits", () => {
    const fleet = new ClearingFleet(60, 3, 0.025);
    expect(fleet.replicas(pool([0, 0]), 100, { ...traffic, clearingRate: () => NaN })).toBe(0);
    expect(fleet.replicas(pool([10, 14]), 100, traffic)).toBe(0);
  });

  it("wants up to half as many again as the traffic needs, however much waits", () => {
    expect(new ClearingFleet(60, 3, 0.025).replicas(pool([900, 900]), 100, traffic)).toBe(6);
  });

  it("keeps what it ordered until it has been ready for a while", () => {
    const fleet = new ClearingFleet(60, 3, 0.025);
    expect(fleet.replicas(pool([900, 900]), 100, traffic)).toBe(6);
    expect(fleet.replicas(pool([0, 0, 0, 0, 0, 0]), 180, traffic)).toBe(6);
    expect(fleet.replicas(pool([0, 0, 0, 0, 0, 0]), 190, traffic)).toBe(0);
  });

  it("keeps those that take arrivals from a backlog until it is worked off", () => {
    const fleet = new ClearingFleet(60, 3, 0.025);
    const quick = { requestsPerSecond: 20, steady: 4, clearingRate: () => 9 };
    // One has all that waits: of four it would take a quarter of the arrivals, of eight it takes an eighth.
    expect(fleet.replicas(pool([900, 0, 0, 0, 0, 0, 0, 0]), 100, quick)).toBe(8);
    expect(fleet.replicas(pool([600, 0, 0, 0, 0, 0]), 200, quick)).toBe(6);
    expect(fleet.replicas(pool([20, 0, 0, 0, 0, 0]), 300, quick)).toBe(0);
    // Twelve would be there for little.
    expect(fleet.replicas(pool([900, ...Array.from({ length: 11 }, () => 0)]), 400, quick)).toBe(8);
  });

  it("knows how long replicas that start still need", () => {
    const order = (seenSeconds: number): number => {
      const fleet = new ClearingFleet(60, 3, 0.025);
      fleet.watch(pool([60, 60], [2]), seenSeconds);
      return fleet.replicas(pool([60, 60], [2]), 100, { ...traffic, requestsPerSecond: 14, steady: 3 });
    };
    // Ready at once: 60 / 60 s of 5 a second are left for the backlog; in 60 s: it has grown threefold.
    expect(order(40)).toBe(Math.ceil(14 / (5 - 1)));
    expect(14 / (5 - (60 + 2 * 60) / 60)).toBeGreaterThan(1.5 * 3);
    expect(order(100)).toBe(Math.ceil(1.5 * 3));
  });

  it("adds none where few arrivals go to a worker with a backlog as it is", () => {
    // Two of 100: of what arrives in a minute and a half they get a fiftieth, of 150 a seventy-fifth.
    const many = { requestsPerSecond: 100, steady: 100, clearingRate: () => 5 };
    const waiting = Array.from({ length: 100 }, (_, id) => (id < 2 ? 500 : 0));
    expect(new ClearingFleet(60, 3, 0.025).replicas(pool(waiting), 100, many)).toBe(0);
    expect(new ClearingFleet(60, 3, 0.001).replicas(pool(waiting), 100, many)).toBe(150);
  });
});
