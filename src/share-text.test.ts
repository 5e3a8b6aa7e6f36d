import { expect, test } from "vitest";
import { assert, double, property } from "../test/seeded-properties.ts";
import { shareText } from "./share-text.ts";

test("a share is told to a tenth of a percent; only nothing is 0 %, and only all is 100 %", () => {
  expect([0, 1, 0.00004, 0.99996, 0.12345, 1.25].map(shareText)).toEqual([
    "0.0 %",
    "100.0 %",
    "0.1 %",
    "99.9 %",
    "12.3 %",
    "125.0 %",
  ]);
  assert(
    property(double({ min: 0, max: 1, noNaN: true, minExcluded: true, maxExcluded: true }), (share) => {
      const told = Number(shareText(share).slice(0, -2));
      expect(told).toBeGreaterThan(0);
      expect(told).toBeLessThan(100);
      expect(Math.abs(told - share * 100)).toBeLessThanOrEqual(0.1);
    }),
  );
});
