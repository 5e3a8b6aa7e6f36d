import { expect, test } from "vitest";
import { summarizeValues } from "./latency-statistics.ts";
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

test("equal values have no deviation, whatever their sum is rounded to", () => {
  const { statistics } = summarizeValues(Float64Array.of(0.1, 0.1, 0.1));
  expect(statistics).toMatchObject({ min: 0.1, max: 0.1, std: 0 });
});

test("a distribution has the value at each of its shares", () => {
  const { distribution } = summarizeValues(Float64Array.from({ length: 1001 }, (_, i) => i));
  expect(distribution).toEqual(distributionQuantiles.map((share) => Math.floor(share * 1000 + 0.5)));
});

test("no values give zeros and an empty distribution", () => {
  const { statistics, distribution } = summarizeValues(new Float64Array(0));
  expect(new Set(Object.values(statistics))).toEqual(new Set([0]));
  expect(distribution).toEqual([]);
});

test("distribution shares ascend strictly from 0 to 1", () => {
  expect(distributionQuantiles[0]).toBe(0);
  expect(distributionQuantiles.at(-1)).toBe(1);
  for (let i = 1; i < distributionQuantiles.length; i++) {
    expect(distributionQuantiles[i]).toBeGreaterThan(distributionQuantiles[i - 1]!);
  }
});
