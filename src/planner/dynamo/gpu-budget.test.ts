import { describe, expect, it } from "vitest";
import * as fc from "../../../test/seeded-properties.ts";
import { clampPairToBudget, clampToBudget } from "./gpu-budget.ts";

const budget = (minGpus: number, maxGpus: number, minEndpoint = 1) => ({ minGpus, maxGpus, minEndpoint });

describe("§8.28 GPU budget of two pools", () => {
  it.each([
    [[5, 5], [1, 1], -1, 8, [4, 4]],
    [[3, 6], [1, 1], -1, 8, [2, 6]],
    [[1, 8], [1, 1], -1, 8, [1, 7]],
    [[4, 4], [2, 1], -1, 8, [2, 4]],
    [[6, 4], [1, 1], -1, 4, [2, 2]],
    [[1, 1], [1, 1], 4, 4, [2, 2]],
    [[2, 1], [1, 1], 6, -1, [4, 2]],
    [[1, 1], [2, 2], 5, 5, [1, 1]],
    [[2, 2], [1, 1], 100, 4, [2, 2]],
    [[2, 1], [1, 1], 4, 8, [2, 1]],
    [[1, 1], [2, 2], -1, 3, [0, 0]],
  ] as const)("%j of %j GPUs within %i and %i → %j", (pair, gpus, min, max, want) => {
    expect(clampPairToBudget(pair, gpus, budget(min, max))).toEqual(want);
  });

  it("is stable once applied, and keeps the ceiling", () => {
    const count = fc.integer({ min: 1, max: 20 });
    const width = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(count, count, width, width, fc.integer({ min: 8, max: 40 }), (p, d, gp, gd, max) => {
        const once = clampPairToBudget([p, d], [gp, gd], budget(-1, max));
        expect(once[0] * gp + once[1] * gd).toBeLessThanOrEqual(max);
        expect(clampPairToBudget(once, [gp, gd], budget(-1, max))).toEqual(once);
      }),
    );
  });
});

describe("§8.28 GPU budget of one pool", () => {
  it.each([
    [10, 1, -1, 4, 4],
    [5, 2, -1, 8, 4],
    [1, 1, 4, 5, 4],
    [3, 1, 4, 5, 3],
    [1, 2, 5, 9, 3],
    [2, 2, -1, 1, 0],
    [7, 2, -1, -1, 7],
  ])("%i replicas of %i GPUs within %i and %i → %i", (replicas, gpus, min, max, want) => {
    expect(clampToBudget(replicas, gpus, budget(min, max))).toBe(want);
  });
});
