import { expect, test } from "vitest";
import type { RunPageData } from "../page-data.ts";
import { nearestTick } from "./explanation.ts";

const runWith = (...t_s: number[]) => ({ planner: { ticks: { t_s } } }) as unknown as RunPageData;

test("the tick nearest to a moment, of two equally near ones the earlier", () => {
  const run = runWith(10, 20, 30);
  expect([0, 10, 14.9, 15, 15.1, 29, 99].map((at) => nearestTick(run, at))).toEqual([0, 0, 0, 0, 1, 2, 2]);
  expect(nearestTick(runWith(), 5)).toBe(-1);
  expect(nearestTick({ planner: null } as RunPageData, 5)).toBe(-1);
});
