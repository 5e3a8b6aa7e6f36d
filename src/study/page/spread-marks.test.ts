import { expect, it } from "vitest";
import { spreadMarks, type Place } from "./spread-marks.ts";

it("puts marks that coincide side by side, none where it would look better, and leaves the others where they are", () => {
  const alone: Place = [100, 50];
  const near: Place = [110, 50];
  const same = Array.from({ length: 12 }, (): Place => [200, 12]);
  const clusters = spreadMarks([alone, near, ...same], [310, 210]);
  expect(clusters.map(({ members }) => members.length)).toEqual([1, 1, 12]);
  expect(clusters.slice(0, 2).map(({ places }) => places)).toEqual([[alone], [near]]);
  const { places } = clusters[2]!;
  expect(places[0]).toEqual([200, 12]);
  for (const [i, [left, top]] of places.entries()) {
    expect(left).toBeGreaterThanOrEqual(200);
    expect(left).toBeLessThanOrEqual(310);
    expect(top).toBeGreaterThanOrEqual(12);
    for (const other of places.slice(i + 1)) {
      expect(Math.hypot(left - other[0], top - other[1])).toBeGreaterThan(16);
    }
  }
});

it("stays within the frame where there is no room to the right or below", () => {
  const same = Array.from({ length: 3 }, (): Place => [309, 208]);
  const [cluster] = spreadMarks(same, [310, 210]);
  for (const [left, top] of cluster!.places) {
    expect(left).toBe(309);
    expect(top).toBeLessThanOrEqual(210);
  }
});
