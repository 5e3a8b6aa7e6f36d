import { array, assert, constantFrom, integer, nat, property } from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { cheapestSchedule } from "./cheapest-schedule.ts";
import type { FixedFleetRun, ScheduleTerms } from "./cheapest-schedule.ts";

const terms = { segmentSeconds: 60, startupSeconds: 0, initialReplicas: 1 };

function fleetsOf(misses: readonly (readonly number[])[]): FixedFleetRun[] {
  return misses.map((segments, i) => ({ workers: i + 1, misses: Float64Array.from(segments) }));
}

function costOf(
  schedule: readonly number[],
  fleets: readonly FixedFleetRun[],
  price: number,
  t: ScheduleTerms,
): number {
  return schedule.reduce((sum, size, segment) => {
    const added = segment === 0 ? 0 : Math.max(0, size - schedule[segment - 1]!);
    return sum + size * t.segmentSeconds + price * fleets[size - 1]!.misses[segment]! + added * t.startupSeconds;
  }, 0);
}

describe("cheapestSchedule", () => {
  it("goes on to the end of the longest run: a fleet whose requests are all done by then misses none", () => {
    const fleets = fleetsOf([
      [0, 9, 9, 9],
      [0, 0],
    ]);
    expect(cheapestSchedule(fleets, 100, terms)).toEqual([1, 2, 2, 2]);
    expect(cheapestSchedule(fleetsOf([[0], [0, 9]]), 100, terms)).toEqual([1, 1]);
  });

  it("follows the load where replicas come at once", () => {
    const fleets = fleetsOf([
      [0, 50, 0],
      [0, 0, 0],
    ]);
    expect(cheapestSchedule(fleets, 10, terms)).toEqual([1, 2, 1]);
    expect(cheapestSchedule(fleets, 1, terms)).toEqual([1, 1, 1]);
  });

  it("adds nothing that costs more to start than it saves", () => {
    const fleets = fleetsOf([
      [0, 0, 0, 0, 50, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    expect(cheapestSchedule(fleets, 4, { ...terms, startupSeconds: 60 })).toEqual([1, 1, 1, 1, 2, 1]);
    expect(cheapestSchedule(fleets, 4, { ...terms, startupSeconds: 180 })).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("is as cheap as the best of all schedules", () => {
    assert(
      property(
        array(array(nat(40), { minLength: 4, maxLength: 4 }), { minLength: 3, maxLength: 3 }),
        integer({ min: 0, max: 20 }),
        constantFrom(0, 60, 120),
        integer({ min: 1, max: 3 }),
        (misses, price, startupSeconds, initialReplicas) => {
          const fleets = fleetsOf(misses);
          const t = { segmentSeconds: 60, startupSeconds, initialReplicas };
          const found = cheapestSchedule(fleets, price, t);
          let least = Infinity;
          for (let code = 0; code < 81; code++) {
            const schedule = [0, 1, 2, 3].map((i) => (Math.floor(code / 3 ** i) % 3) + 1);
            const early = schedule.some((size, i) => i * 60 < startupSeconds && size > initialReplicas);
            if (!early) least = Math.min(least, costOf(schedule, fleets, price, t));
          }
          expect(costOf(found, fleets, price, t)).toBeCloseTo(least, 6);
        },
      ),
    );
  });
});
