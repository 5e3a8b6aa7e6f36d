import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { nanosecondsFromSeconds, scaleNanoseconds } from "./pass-duration.ts";

/** seconds · 1e9 to the nearest integer, ties to even, by exact arithmetic on the double's value. */
function exactly(seconds: number): number {
  let exponent = 0;
  let mantissa = seconds;
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent++;
  }
  const numerator = BigInt(mantissa) * 1_000_000_000n;
  const denominator = 1n << BigInt(exponent);
  const whole = numerator / denominator;
  const twiceRest = 2n * (numerator - whole * denominator);
  const up = twiceRest > denominator || (twiceRest === denominator && whole % 2n === 1n);
  return Number(up ? whole + 1n : whole);
}

test("seconds are rounded to the nearest nanosecond in exact arithmetic", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1000, noNaN: true }), (seconds) => {
      expect(nanosecondsFromSeconds(seconds)).toBe(exactly(seconds));
    }),
    { numRuns: 2000 },
  );
});

test("also where half a nanosecond decides", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_000_000_000 }), fc.integer({ min: -3, max: 3 }), (whole, ulps) => {
      const near = (whole + 0.5) / 1e9;
      const seconds = Math.max(0, near + ulps * near * Number.EPSILON);
      expect(nanosecondsFromSeconds(seconds)).toBe(exactly(seconds));
    }),
    { numRuns: 2000 },
  );
});

test("a speed-up divides and rounds again; 1 changes nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), fc.double({ min: 0.1, max: 50, noNaN: true }), (ns, speedup) => {
      expect(scaleNanoseconds(ns, 1)).toBe(ns);
      expect(Math.abs(scaleNanoseconds(ns, speedup) - ns / speedup)).toBeLessThanOrEqual(0.5 + ns * 1e-12);
    }),
  );
});
