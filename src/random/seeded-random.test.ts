import { describe, expect, it } from "vitest";
import { SeededRandom } from "./seeded-random.ts";

function sample(count: number, draw: () => number): { mean: number; variance: number } {
  const values = Array.from({ length: count }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count };
}

describe("SeededRandom", () => {
  it("never changes its numbers", () => {
    const random = new SeededRandom(42);
    expect(Array.from({ length: 4 }, () => random.int32())).toMatchInlineSnapshot(`
      [
        404561706,
        -8127046,
        1524087359,
        -1041843582,
      ]
    `);
  });

  it("gives one sequence a seed, and forks that differ from it and each other", () => {
    const of = (random: SeededRandom) => Array.from({ length: 5 }, () => random.uniform());
    expect(of(new SeededRandom(1))).toEqual(of(new SeededRandom(1)));
    expect(of(new SeededRandom(1))).not.toEqual(of(new SeededRandom(2)));
    expect(of(new SeededRandom(1).fork(0))).not.toEqual(of(new SeededRandom(1).fork(1)));
  });

  it("is uniform over 16 bins", () => {
    const random = new SeededRandom(7);
    const bins = new Int32Array(16);
    for (let draw = 0; draw < 160_000; draw++) bins[random.integer(16)]! += 1;
    // Chi-square with 15 degrees of freedom: 37.7 is its 99.9 % quantile.
    expect(bins.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(37.7);
  });

  it.each([
    ["exponential", (random: SeededRandom) => random.exponential(), 1, 1],
    ["normal", (random: SeededRandom) => random.normal(), 0, 1],
    ["gamma of shape 0.25", (random: SeededRandom) => random.gamma(0.25), 0.25, 0.25],
    ["gamma of shape 4", (random: SeededRandom) => random.gamma(4), 4, 4],
  ])("has the mean and variance of the %s distribution", (_, draw, mean, variance) => {
    const random = new SeededRandom(3);
    const found = sample(100_000, () => draw(random));
    expect(Math.abs(found.mean - mean)).toBeLessThan(0.03);
    expect(Math.abs(found.variance - variance)).toBeLessThan(0.1);
  });
});
