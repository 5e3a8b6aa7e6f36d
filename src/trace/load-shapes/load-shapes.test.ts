import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../random/seeded-random.ts";
import { mooncakeLines } from "../mooncake-writer.ts";
import { openPreset } from "../presets/presets.ts";
import type { Trace } from "../trace.ts";
import { drift } from "./drift.ts";
import { levels } from "./levels.ts";
import { logNormalLengths } from "./log-normal-lengths.ts";
import { poissonArrivals } from "./poisson-arrivals.ts";

/** Expected arrivals of the minute that begins at `minute`, by what the shapes are said to be. */
const expected: Readonly<Record<string, { minutes: number; total: number; inMinute: (minute: number) => number }>> = {
  wave: {
    minutes: 120,
    total: 108_000,
    inMinute: (minute) => {
      const sine = (at: number) => Math.sin((2 * Math.PI * at) / 60);
      return 900 - 12 * (3600 / (2 * Math.PI)) * (sine(minute + 1) - sine(minute));
    },
  },
  step: { minutes: 90, total: 82_800, inMinute: (minute) => 60 * (minute >= 20 && minute < 60 ? 27 : 6) },
  spike: { minutes: 60, total: 32_160, inMinute: (minute) => 60 * (minute >= 25 && minute < 29 ? 36 : 7) },
  batches: { minutes: 90, total: 72_000, inMinute: (minute) => 60 * ((minute + 10) % 20 < 3 ? 48 : 8) },
};

/** Arrivals a minute, without the one that every shape begins with. */
function minuteCounts(trace: Trace, minutes: number): number[] {
  const counts = Array.from({ length: minutes }, () => 0);
  for (const ms of trace.arrivalMs.subarray(1)) counts[Math.floor(ms / 60_000)]! += 1;
  return counts;
}

/**
 * Checks that counts are Poisson with these means: none far off, and as far off together as chance has them (the sum of
 * squared deviations is nearly χ² distributed, with mean n and variance 2 n).
 */
function expectPoisson(counts: readonly number[], means: readonly number[]): void {
  const deviations = counts.map((count, index) => (count - means[index]!) / Math.sqrt(means[index]!));
  expect(Math.max(...deviations.map(Math.abs))).toBeLessThan(5);
  const squares = deviations.reduce((sum, deviation) => sum + deviation * deviation, 0);
  const bound = 4 * Math.sqrt(2 * counts.length);
  expect(Math.abs(squares - counts.length), `χ² ${squares} of ${counts.length}`).toBeLessThan(bound);
}

describe.each(Object.entries(expected))("preset:%s", (name, { minutes, total, inMinute }) => {
  const means = Array.from({ length: minutes }, (_, minute) => inMinute(minute));

  it.each([0, 1, 2, 3])("has Poisson arrivals at its rates, minute by minute, with seed %i", (seed) => {
    expectPoisson(minuteCounts(openPreset(name, seed), minutes), means);
  });

  it("has its total of requests", () => {
    expect(means.reduce((sum, mean) => sum + mean, 0)).toBeCloseTo(total, 6);
    const counts = [0, 1, 2, 3, 4, 5, 6, 7].map((seed) => openPreset(name, seed).count - 1);
    const eight = counts.map(() => total);
    expectPoisson(counts, eight);
  });
});

describe("preset:drift", () => {
  it.each([0, 1, 2, 3])("has Poisson arrivals at the rates drawn, with seed %i", (seed) => {
    const { at } = drift.intensity(new SeededRandom(seed).fork(0));
    const means = Array.from({ length: 90 }, (_, minute) => {
      let mean = 0;
      for (let second = minute * 60; second < minute * 60 + 60; second++) mean += at(second);
      return mean;
    });
    expectPoisson(minuteCounts(openPreset("drift", seed), 90), means);
  });

  it("has the mean with seed 0 that docs/traces.md tells", () => {
    expect(openPreset("drift", 0).count / 5400).toBeCloseTo(30.1, 1);
  });

  it("has the mean, the deviation and the correlation time of its process", () => {
    const random = new SeededRandom(1);
    const log = { mean: 0, variance: 0, covariance: 0 };
    const draws = 500;
    const lags = 5400 - 240;
    const mean = Math.log(24) - 0.7 ** 2 / 2;
    let perSecond = 0;
    for (let draw = 0; draw < draws; draw++) {
      const { at, most } = drift.intensity(random.fork(draw));
      let largest = 0;
      for (let second = 0; second < lags; second++) {
        const rate = at(second);
        const [now, later] = [Math.log(rate) - mean, Math.log(at(second + 240)) - mean];
        largest = Math.max(largest, rate, at(second + 240));
        perSecond += rate / lags / draws;
        log.mean += now / lags / draws;
        log.variance += now ** 2 / lags / draws;
        log.covariance += (now * later) / lags / draws;
      }
      expect(largest).toBe(most);
    }
    // About 11 independent rates a draw (5160 s of twice 240 s each), 5,500 in all: bounds of four standard errors.
    expect(Math.abs(log.mean)).toBeLessThan((4 * 0.7) / Math.sqrt(5500));
    expect(Math.abs(perSecond - 24)).toBeLessThan((4 * 24 * 0.8) / Math.sqrt(5500));
    expect(Math.abs(log.variance - 0.49)).toBeLessThan(4 * 0.49 * Math.sqrt(2 / 5500));
    expect(Math.abs(log.covariance / log.variance - Math.exp(-1))).toBeLessThan(4 / Math.sqrt(5500));
  });
});

describe.each([...Object.keys(expected), "drift"])("preset:%s", (name) => {
  function columns(seed: number): Buffer[] {
    const { arrivalMs, inputLength, outputLength } = openPreset(name, seed);
    return [arrivalMs, inputLength, outputLength].map(({ buffer }) => Buffer.from(buffer));
  }

  it("is the same for the same seed and another for another", () => {
    const [seven, again, eight] = [columns(7), columns(7), columns(8)] as const;
    expect(seven.map((column, index) => column.equals(again[index]!))).toEqual([true, true, true]);
    expect(seven.map((column, index) => column.equals(eight[index]!))).toEqual([false, false, false]);
  });

  it("has log-normal prompts and answers that share nothing", () => {
    const trace = openPreset(name, 2);
    expect(trace).toMatchObject({ name: `preset:${name}`, blocks: null, sessions: null });
    expectLogNormal(trace.inputLength, 1500, 1.1, 60_000);
    expectLogNormal(trace.outputLength, 250, 0.7, 4000);
    let next = 0;
    const [some] = mooncakeLines(trace);
    for (const line of some!.trim().split("\n")) {
      const { input_length: tokens, hash_ids: ids } = JSON.parse(line) as { input_length: number; hash_ids: number[] };
      expect(ids).toEqual(Array.from({ length: Math.ceil(tokens / 512) }, () => next++));
    }
  });
});

function expectLogNormal(lengths: Int32Array, median: number, sigma: number, most: number): void {
  const { length } = lengths;
  expect(lengths.toSorted()[0]).toBeGreaterThan(0);
  expect(longestOf(lengths)).toBeLessThanOrEqual(most);
  // Shares below quantiles of the normal distribution, within four standard errors.
  for (const [deviations, share] of [
    [-2, 0.02275],
    [-1, 0.158655],
    [0, 0.5],
    [1, 0.841345],
    [2, 0.97725],
    [3, 0.99865],
  ] as const) {
    const quantile = Math.floor(median * Math.exp(sigma * deviations)) + 0.5;
    const exact = Math.abs(Math.log(quantile / median) / sigma - deviations) * 0.4;
    const found = lengths.reduce((count, tokens) => count + (tokens < quantile ? 1 : 0), 0) / length;
    expect(Math.abs(found - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / length) + exact);
  }
}

function longestOf(lengths: Int32Array): number {
  return lengths.reduce((longest, tokens) => Math.max(longest, tokens), 0);
}

it("cuts lengths to the most and to one token", () => {
  const count = 100_000;
  const lengths = logNormalLengths(count, { median: 2, sigma: 2, most: 15 }, new SeededRandom(9));
  const share = (tokens: number) => lengths.filter((length) => length === tokens).length / count;
  // At least 14.5 tokens: 0.9905 standard deviations above the median. Below 1.5: 0.1438 of them under it.
  expect(Math.abs(share(15) - 0.161)).toBeLessThan(0.005);
  expect(Math.abs(share(1) - 0.4428)).toBeLessThan(0.0065);
  expect(longestOf(lengths)).toBe(15);
  expect(longestOf(openPreset("wave", 0).inputLength)).toBe(60_000);
});

it("draws arrivals in order, from 0 on, before the end, and none where the rate is 0", () => {
  const rate = fc.double({ min: 0, max: 50, noNaN: true });
  fc.assert(
    fc.property(fc.integer(), rate, rate, (seed, before, after) => {
      fc.pre(before > 0 || after > 0);
      const steps = levels([
        [0, before],
        [1, after],
      ]);
      const arrivalMs = poissonArrivals(steps, 120, new SeededRandom(seed));
      expect(arrivalMs[0]).toBe(0);
      expect(arrivalMs).toEqual(arrivalMs.toSorted());
      expect(arrivalMs.at(-1)).toBeLessThan(120_000);
      expect(arrivalMs.every((ms) => ms === Math.floor(ms))).toBe(true);
      const early = arrivalMs.filter((ms) => ms < 60_000).length - 1;
      if (before === 0) expect(early).toBe(0);
      if (after === 0) expect(arrivalMs.length - 1).toBe(early);
    }),
    { numRuns: 50 },
  );
});
