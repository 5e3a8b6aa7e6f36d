import { expect, test } from "vitest";
import * as fc from "../../../test/seeded-properties.ts";
import { arrivalsPerWindow, indexOfDispersion } from "./burstiness.ts";

/** Variance over mean of counts, those of empty windows written out. */
function dispersionOf(counts: Int32Array): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const meanSquare = counts.reduce((sum, count) => sum + count * count, 0) / counts.length;
  return (meanSquare - mean * mean) / mean;
}

test("dispersion is that of the counts of all windows, to the last bit", () => {
  const arrivals = fc
    .array(fc.double({ min: 0, max: 20_000, noNaN: true }), { maxLength: 60 })
    .map((times) => Float64Array.from(times).toSorted());
  fc.assert(
    fc.property(arrivals, fc.constantFrom(100, 1000, 7000), (arrivalMs, windowMs) => {
      expect(indexOfDispersion(arrivalMs, windowMs)).toBe(dispersionOf(arrivalsPerWindow(arrivalMs, windowMs)));
    }),
  );
});

test("ten years of seconds need no room of their own", () => {
  const seconds = 315_360_000;
  const arrivalMs = Float64Array.of(0, 1, 2, 86_400_000, seconds * 1000);
  const mean = 4 / seconds;
  expect(indexOfDispersion(arrivalMs, 1000)).toBe((10 / seconds - mean * mean) / mean);
});
