import { describe, expect, it } from "vitest";
import * as fc from "../../../../../test/seeded-properties.ts";
import { dot } from "../quasi-newton.ts";
import { leastOfCubic, searchWolfe } from "./wolfe-search.ts";
import type { Line, Place } from "./wolfe-search.ts";

/** (x − least)² · sharpness, and nothing beyond a wall. */
function bowl(least: number, sharpness: number, wall = Infinity): (x: number) => Place | null {
  return (x) =>
    x > wall
      ? null
      : {
          parameters: Float64Array.of(x),
          value: sharpness * (x - least) ** 2,
          gradient: Float64Array.of(2 * sharpness * (x - least)),
        };
}

function lineOf(place: (x: number) => Place | null, from: number, direction: number): Line {
  return (step) => place(from + step * direction);
}

describe("the search along a line", () => {
  it("ends where the value fell enough and the slope is small enough, however long the first step", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        fc.double({ min: 0.01, max: 10, noNaN: true }),
        fc.double({ min: 1e-6, max: 1e3, noNaN: true }),
        (least, sharpness, first) => {
          const place = bowl(least, sharpness);
          const origin = place(0)!;
          const direction = Float64Array.of(1);
          const found = searchWolfe(origin, direction, first, lineOf(place, 0, 1));
          expect(found).not.toBeNull();
          const slope = dot(origin.gradient, direction);
          expect(found!.place.value).toBeLessThan(origin.value);
          expect(Math.abs(dot(found!.place.gradient, direction))).toBeLessThanOrEqual(-0.9 * slope);
          expect(found!.place.parameters[0]).toBeCloseTo(found!.step, 12);
        },
      ),
    );
  });

  it("steps back from where there is nothing", () => {
    const place = bowl(3, 1, 4);
    expect(searchWolfe(place(0)!, Float64Array.of(1), 100, lineOf(place, 0, 1))!.step).toBeLessThanOrEqual(4);
  });

  it("gives up where nothing can be reached, and where the way leads up", () => {
    const place = bowl(3, 1);
    expect(searchWolfe(place(0)!, Float64Array.of(1), 1, () => null)).toBeNull();
    // A kink: the gradient says down, the value goes up.
    const kink: Line = (step) => ({ parameters: Float64Array.of(step), value: step, gradient: Float64Array.of(1) });
    const top: Place = { parameters: Float64Array.of(0), value: 0, gradient: Float64Array.of(-1) };
    expect(searchWolfe(top, Float64Array.of(1), 1, kink)).toBeNull();
  });
});

describe("the least place of a cubic", () => {
  it("is its turn, or a bound", () => {
    // x³ − 3x falls to 1, and rises from there.
    const [value, slope] = [2 ** 3 - 3 * 2, 3 * 2 ** 2 - 3];
    expect(leastOfCubic(-3, 2, value, slope, 0, 5)).toBeCloseTo(1, 12);
    expect(leastOfCubic(-3, 2, value, slope, 0, 0.5)).toBe(0.5);
    expect(leastOfCubic(-3, 2, value, slope, 1.5, 5)).toBe(1.5);
  });
});
