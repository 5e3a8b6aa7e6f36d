import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { quickselect } from "./quickselect.ts";
import { selectRanks } from "./rank-selection.ts";

/** A long column of one of several shapes from a small linear congruential generator. */
function longColumn(seed: number, shape: number): Float64Array {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const shapes: (() => number)[] = [
    () => next() * 1e9,
    () => 1 / (1e-6 + next()),
    () => Math.floor(next() * 3),
    () => 5,
    () => (next() < 0.99 ? 100 + next() * 1e-9 : 1e12),
    () => next() - 0.5,
  ];
  return Float64Array.from({ length: 40_000 }, shapes[shape % shapes.length]!);
}

test("selects the values a full sort would put at the ranks, whatever the shape of the column", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.nat(5),
      fc.uniqueArray(fc.nat(39_999), { minLength: 1, maxLength: 30 }),
      (seed, shape, ranks) => {
        const ascending = ranks.toSorted((a, b) => a - b);
        const column = longColumn(seed, shape);
        const sorted = column.toSorted();
        expect([...selectRanks(column, ascending)]).toEqual(ascending.map((rank) => sorted[rank]));
      },
    ),
    { numRuns: 30 },
  );
});

test("quickselect returns the value of a rank within a slice and settles it there", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1 }), fc.nat(), (list, pick) => {
      const rank = pick % list.length;
      const values = Float64Array.from([99, ...list, -99]);
      const expected = list.toSorted((a, b) => a - b)[rank];
      expect(quickselect(values, 1, values.length - 1, rank)).toBe(expected);
      expect(values[0]).toBe(99);
      expect(Math.max(...values.subarray(1, rank + 1), -Infinity)).toBeLessThanOrEqual(expected!);
    }),
  );
});
