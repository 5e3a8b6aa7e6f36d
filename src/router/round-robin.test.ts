import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { RoundRobin } from "./round-robin.ts";

test("with a fixed list every worker gets its turn: counts differ by at most one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(200), (count, turns) => {
      const router = new RoundRobin(1);
      const given = Array.from({ length: count }, () => 0);
      for (let i = 0; i < turns; i++) given[router.next(count)]!++;
      expect(Math.max(...given) - Math.min(...given)).toBeLessThanOrEqual(1);
    }),
  );
});

test("the choice is always in the list, however it changes, and ranks take turns within a worker", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), fc.integer({ min: 1, max: 4 }), (counts, dpSize) => {
      const router = new RoundRobin(dpSize);
      const turns = new Map<number, number>();
      for (const count of counts) {
        const worker = router.next(count);
        expect(worker).toBeGreaterThanOrEqual(0);
        expect(worker).toBeLessThan(count);
        const turn = turns.get(worker) ?? 0;
        turns.set(worker, turn + 1);
        expect(router.nextRank(worker)).toBe(turn % dpSize);
      }
    }),
  );
});

// planner-findings §2.6: index = cursor mod count, cursor = index + 1; a change of the list does not reset it.
test("goes on from where it was when the list changes", () => {
  const router = new RoundRobin(1);
  expect([3, 3, 2, 3, 3, 1, 4, 4, 2].map((count) => router.next(count))).toEqual([0, 1, 0, 1, 2, 0, 1, 2, 1]);
});
