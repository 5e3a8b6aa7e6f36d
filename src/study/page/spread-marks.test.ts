import { expect, it } from "vitest";
import { spreadMarks, type Place } from "./spread-marks.ts";

it("puts marks that coincide side by side, within the frame, and leaves the others where they are", () => {
  const alone: Place = [100, 50];
  const same = Array.from({ length: 12 }, (): Place => [310, 12]);
  const clusters = spreadMarks([alone, ...same], [50, 12], [310, 210]);
  expect(clusters.map(({ members }) => members.length)).toEqual([1, 12]);
  expect(clusters[0]!.places).toEqual([alone]);
  const { places } = clusters[1]!;
  for (const [i, [left, top]] of places.entries()) {
    expect(left).toBeLessThanOrEqual(310);
    expect(top).toBeGreaterThanOrEqual(12);
    for (const other of places.slice(i + 1)) {
      expect(Math.hypot(left - other[0], top - other[1])).toBeGreaterThan(16);
    }
  }
});
