import { array, assert, integer, property } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { backlogSeconds, cheapestToClear, shareIntoBacklog, workersToClear } from "./backlog.ts";

const state = { requestsPerSecond: 10, clearingRate: 5, readySeconds: 0, clearingSeconds: 100 };

describe("backlogSeconds", () => {
  it("is what the mean waiting request stands behind, not what a mean worker has", () => {
    expect(backlogSeconds([100, 0, 0, 0], 5)).toBe(20);
    expect(backlogSeconds([25, 25, 25, 25], 5)).toBe(5);
    expect(backlogSeconds([0, 0], 5)).toBe(0);
  });
});

describe("workersToClear", () => {
  it("leaves a worker what it needs to work its queue off", () => {
    // 200 waiting at each of two: 2 requests/s of the 5 go into the backlog, 3 are left for arrivals.
    expect(workersToClear({ ...state, waiting: [200, 200] })).toBeCloseTo(10 / 3, 9);
  });

  it("counts what piles up until more workers are ready", () => {
    // 20 requests/s for one worker that does 5: 15 a second more.
    const busy = { ...state, requestsPerSecond: 20, waiting: [0.1], clearingSeconds: 1000 };
    expect(workersToClear(busy)).toBeCloseTo(20 / (5 - 0.1 / 1000), 6);
    expect(workersToClear({ ...busy, readySeconds: 100 })).toBeCloseTo(20 / (5 - 1500.1 / 1000), 6);
    expect(workersToClear({ ...busy, readySeconds: 600 })).toBe(Infinity);
  });

  it("wants none for a backlog that is gone before they are ready", () => {
    expect(workersToClear({ ...state, requestsPerSecond: 4, waiting: [10, 10], readySeconds: 60 })).toBe(0);
  });

  it("wants no fewer for more that waits", () => {
    const queue = integer({ min: 0, max: 500 });
    assert(
      property(array(queue, { minLength: 1, maxLength: 8 }), integer({ min: 1, max: 300 }), (waiting, more) => {
        const raised = waiting.map((requests) => requests + more);
        expect(workersToClear({ ...state, waiting: raised })).toBeGreaterThanOrEqual(
          workersToClear({ ...state, waiting: waiting.map(() => Math.min(...waiting)) }),
        );
      }),
    );
  });
});

describe("cheapestToClear", () => {
  const one = { waiting: [300, 0, 0, 0], requestsPerSecond: 20, clearingRate: 9 };

  it("weighs the workers that are there for a backlog's sake against what comes to it", () => {
    // By workers: (those beyond four + 5 · 4 · share of the arrivals) / first tokens a second left for the backlog.
    const cost = (workers: number): number => (workers - 4 + 20 / workers) / (9 - 20 / workers);
    expect(Math.min(...[4, 5, 6, 7, 8, 9, 10].map(cost))).toBe(cost(6));
    expect(cost(8) / cost(6)).toBeLessThan(1.1);
    expect(cost(9) / cost(6)).toBeGreaterThan(1.1);
    expect(cheapestToClear(one, { least: 4, most: 10, price: 5 })).toBe(8);
    expect(cheapestToClear({ ...one, waiting: [3000, 0, 0, 0] }, { least: 4, most: 10, price: 5 })).toBe(8);
    expect(cheapestToClear(one, { least: 4, most: 7, price: 5 })).toBe(7);
  });

  it("keeps no more than needed where being late costs nothing, and all where it costs too much", () => {
    expect(cheapestToClear({ ...one, clearingRate: 1000 }, { least: 4, most: 8, price: 0 })).toBe(4);
    expect(cheapestToClear(one, { least: 4, most: 8, price: 1000 })).toBe(8);
  });

  it("keeps all there are where fewer never work it off", () => {
    expect(cheapestToClear({ ...one, clearingRate: 3 }, { least: 4, most: 6, price: 0 })).toBe(6);
  });
});

describe("shareIntoBacklog", () => {
  it("is the arrivals that workers with a backlog get until they have worked it off", () => {
    // Two of ten with 200 each: 1 request/s comes to each, 4 of its backlog go, for 50 s of 100.
    expect(shareIntoBacklog({ ...state, waiting: [200, 200] }, 10, 100)).toBeCloseTo(0.2 * 0.5, 9);
    // The mean waiting request's queue counts: one with all of it.
    expect(shareIntoBacklog({ ...state, waiting: [200, 0] }, 10, 100)).toBeCloseTo(0.1 * 0.5, 9);
    expect(shareIntoBacklog({ ...state, waiting: [200, 200] }, 2, 100)).toBe(1);
  });

  it("is none where nothing will wait", () => {
    expect(shareIntoBacklog({ ...state, requestsPerSecond: 4, waiting: [10, 10], readySeconds: 60 }, 2, 100)).toBe(0);
  });
});
