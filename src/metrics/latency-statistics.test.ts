import * as fc from "fast-check";
import { expect, test } from "vitest";
import { summarizeValues, summarizeWeighted } from "./latency-statistics.ts";
import { distributionQuantiles } from "./percentile.ts";

// Ten first tokens of the mocker's polynomial for prompts of 512 · i tokens (engine-reference §11, test 29).
const tenTtfts = Float64Array.from({ length: 10 }, (_, i) => {
  const tokens = 512 * (i + 1);
  const prefill = 4.209989e-7 * (tokens * tokens) + 1.518344e-2 * tokens + 16.50142;
  const occupancy = (8 * (i + 1)) / 16384;
  return prefill + -25.74 * (occupancy * occupancy) + 54.01 * occupancy + 5.74;
});

test("percentiles are nearest rank with halves up, the deviation is of the population", () => {
  const { statistics } = summarizeValues(tenTtfts.toReversed());
  const expected = {
    min: 30.152,
    median: 73.016,
    p75: 91.707,
    p90: 101.383,
    p95: 111.28,
    p99: 111.28,
    max: 111.28,
    mean: 69.392,
    std: 25.904,
  };
  for (const [name, value] of Object.entries(expected)) {
    expect(statistics[name as keyof typeof expected], name).toBeCloseTo(value, 3);
  }
});

test("no values give zeros and an empty distribution", () => {
  const { statistics, distribution } = summarizeValues(new Float64Array(0));
  expect(new Set(Object.values(statistics))).toEqual(new Set([0]));
  expect(distribution).toEqual([]);
  expect(summarizeWeighted(new Float64Array(0), new Float64Array(0)).statistics).toEqual(statistics);
});

test("weighted statistics are those of the values written out", () => {
  const weighted = fc.uniqueArray(fc.tuple(fc.nat(1000), fc.integer({ min: 1, max: 20 })), {
    minLength: 1,
    selector: ([value]) => value,
  });
  fc.assert(
    fc.property(weighted, (pairs) => {
      const ascending = pairs.toSorted((a, b) => a[0] - b[0]);
      const summary = summarizeWeighted(
        Float64Array.from(ascending, ([value]) => value),
        Float64Array.from(ascending, ([, weight]) => weight),
      );
      const writtenOut = ascending.flatMap(([value, weight]) => Array.from({ length: weight }, () => value));
      const plain = summarizeValues(Float64Array.from(writtenOut));
      expect(summary.distribution).toEqual(plain.distribution);
      const { mean, std, ...exact } = summary.statistics;
      expect(plain.statistics).toMatchObject(exact);
      expect(mean).toBeCloseTo(plain.statistics.mean, 9);
      expect(std).toBeCloseTo(plain.statistics.std, 9);
    }),
  );
});

test("distribution shares ascend strictly from 0 to 1", () => {
  expect(distributionQuantiles[0]).toBe(0);
  expect(distributionQuantiles.at(-1)).toBe(1);
  for (let i = 1; i < distributionQuantiles.length; i++) {
    expect(distributionQuantiles[i]).toBeGreaterThan(distributionQuantiles[i - 1]!);
  }
});
