import { describe, expect, it } from "vitest";
import { assert, double, property } from "../../../test/seeded-properties.ts";
import { valueAt, verticalTicks } from "./curve-values.ts";
import { meanReplicas } from "./mean-replicas.ts";

const curve = { label: "", color: "blue", x: [10, 20, 40], y: [1, 2, null] } as const;

describe("what a curve shows at a time", () => {
  it("is the value of the nearest point", () => {
    const line = { ...curve, kind: "line" } as const;
    expect([0, 10, 14, 16, 29, 31, 100].map((x) => valueAt(line, x))).toEqual([1, 1, 1, 2, 2, null, null]);
  });

  it("is the value held there where it is a staircase", () => {
    const steps = { ...curve, kind: "step" } as const;
    expect([0, 10, 19, 20, 39, 40].map((x) => valueAt(steps, x))).toEqual([null, 1, 1, 2, 2, null]);
  });
});

describe("marks of a vertical axis", () => {
  it("stand at round steps within it, and are no more than fit", () => {
    assert(
      property(double({ min: 1e-3, max: 1e6, noNaN: true }), (max) => {
        const ticks = verticalTicks(0, max, false, 6);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(7);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)).toBeLessThanOrEqual(max * (1 + 1e-9));
        expect(ticks[1]!.toExponential()).toMatch(/^(1|2|2\.5|5)e/);
      }),
    );
    expect(verticalTicks(0, 3, false, 6, true)).toEqual([0, 1, 2, 3]);
    expect(verticalTicks(3, 800, true, 8)).toEqual([5, 10, 20, 50, 100, 200, 500]);
    expect(verticalTicks(3, 80_000, true, 5)).toEqual([10, 100, 1000, 10_000]);
  });
});

describe("ready replicas, mean over each bucket's time", () => {
  const timeline = (steps: { t_s: number[]; active: number[] }) =>
    ({ bucket_s: 10, buckets: 4, replicas: { agg: steps } }) as unknown as Parameters<typeof meanReplicas>[0];

  it("weighs each count by how long it held", () => {
    const steps = { t_s: [0, 5, 12, 38], active: [2, 4, 1, 3] };
    const means = meanReplicas(timeline(steps), "agg");
    for (const [bucket, mean] of [3, 1.6, 1, 1.4].entries()) expect(means[bucket]).toBeCloseTo(mean, 9);
    expect(means).toHaveLength(4);
    expect(meanReplicas(timeline(steps), "decode")).toEqual([0, 0, 0, 0]);
  });

  it("keeps their whole time", () => {
    assert(
      property(double({ min: 0.1, max: 39, noNaN: true }), double({ min: 0, max: 1, noNaN: true }), (middle, share) => {
        const steps = { t_s: [0, middle * share, middle], active: [1, 5, 2] };
        const total = meanReplicas(timeline(steps), "agg").reduce((sum, mean) => sum + mean * 10, 0);
        expect(total).toBeCloseTo(middle * share + 5 * (middle - middle * share) + 2 * (40 - middle), 6);
      }),
    );
  });
});
