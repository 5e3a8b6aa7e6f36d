import { expect, test } from "vitest";
import type { StudyPageData } from "../page-data.ts";
import { leadSentences } from "./lead.ts";

/** A study of two cells by how many Pareto fronts each policy is on. */
const frontSentence = (...onFront: number[]) => {
  const summaries = onFront.map((count, place) => ({
    policy: `p${place + 1}`,
    cells: 2,
    medianOfCeiling: 0.9,
    leastOfCeiling: 0.8,
    totalGpuHours: 3,
    beatsFixed: 2,
    onFront: count,
  }));
  return leadSentences({ summaries, cells: [{}, {}] } as unknown as StudyPageData)[1];
};

test("names who is on most Pareto fronts, and does not set all of them before the others", () => {
  expect(frontSentence(2, 1)).toBe("p1 is on the Pareto front of 2 of 2 cells, more than any other policy.");
  expect(frontSentence(1, 0, 1)).toBe("p1 and p3 are on the Pareto front of 1 of 2 cells, more than any other policy.");
  expect(frontSentence(1, 1)).toBe("p1 and p2 are on the Pareto front of 1 of 2 cells.");
  expect(frontSentence(0, 0)).toBe("No policy is on a Pareto front: in every cell a fixed fleet is as good for less.");
});

test("of a single cell it says nothing of medians and counts", () => {
  const one = { policy: "p1", cells: 1, medianOfCeiling: 0.9, leastOfCeiling: 0.9, totalGpuHours: 3, beatsFixed: 0 };
  const data = { summaries: [{ ...one, onFront: 1 }], cells: [{}] } as unknown as StudyPageData;
  expect(leadSentences(data)).toEqual([
    "p1 comes nearest to what more replicas could reach: 90.0 % of it, for 3.0 GPU-hours.",
    "p1 is on the Pareto front.",
    "A fixed fleet of the same cost does at least as well as p1.",
  ]);
});
