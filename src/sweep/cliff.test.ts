import * as fc from "../../test/seeded-properties.ts";
import { describe, expect, test } from "vitest";
import { cliffWords, findCliff } from "./cliff.ts";
import { paretoFront } from "./pareto.ts";

const words = (shares: readonly number[]) =>
  cliffWords(
    findCliff(
      shares.map((attainment, i) => ({ value: i * 10, attainment })),
      0.9,
    ),
    "x",
    0.9,
  );

describe("cliff", () => {
  test.each([
    [[0.95, 0.9], "SLA attainment stays at or above 90 % for every x."],
    [
      [0.95, 0.93, 0.8999, 0.1],
      "SLA attainment first falls below 90 % at x = 20 (89.99 %; 93 % at 10). It does not come back.",
    ],
    [[0.99996, 0.6], "SLA attainment first falls below 90 % at x = 10 (60 %; 99.996 % at 0). It does not come back."],
    [[0.8888], "SLA attainment is below 90 % from the first value on: 88.9 % at x = 0."],
    [[0.5, 0.4], "SLA attainment is below 90 % from the first value on: 50 % at x = 0."],
    [
      [0.95, 0.5, 0.92],
      "SLA attainment first falls below 90 % at x = 10 (50 %; 95 % at 0). It is back at or above 90 % at 20 (92 %): not one clean edge.",
    ],
    [
      [0.9006, 0.5, 0.92061],
      "SLA attainment first falls below 90 % at x = 10 (50 %; 90.1 % at 0). It is back at or above 90 % at 20 (92.1 %): not one clean edge.",
    ],
  ])("%j", (shares, expected) => expect(words(shares)).toBe(expected));
});

test("the Pareto front is what a comparison of all pairs finds", () => {
  const figure = fc.option(fc.integer({ min: 0, max: 6 }), { nil: null });
  fc.assert(
    fc.property(fc.array(fc.tuple(figure, figure), { maxLength: 30 }), (runs) => {
      const known = runs
        .map(([cost, benefit], place) => ({ cost, benefit, place }))
        .filter((run) => run.cost !== null && run.benefit !== null);
      const best = known.filter(
        (run) =>
          !known.some(
            (other) =>
              other.cost! <= run.cost! &&
              other.benefit! >= run.benefit! &&
              (other.cost! < run.cost! || other.benefit! > run.benefit!),
          ),
      );
      const front = paretoFront(
        runs.map(([cost]) => cost),
        runs.map(([, benefit]) => benefit),
      );
      expect(front.toSorted((a, b) => a - b)).toEqual(best.map(({ place }) => place));
    }),
  );
});
