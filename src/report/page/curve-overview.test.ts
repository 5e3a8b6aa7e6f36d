import { describe, expect, test } from "vitest";
import type { Curve } from "./chart-spec.ts";
import { coarser } from "./curve-overview.ts";

const long: Curve = {
  label: "busiest",
  color: "blue",
  x: Array.from({ length: 2400 }, (_, k) => k * 10),
  y: Array.from({ length: 2400 }, (_, k) => (k < 10 ? null : k % 10)),
};

describe("coarser", () => {
  test("keeps the largest, the least or the mean of equal stretches, in order of time", () => {
    const [most, least, mean] = (["most", "least", "mean"] as const).map((keep) => coarser(long, keep));
    expect(most!.x).toHaveLength(240);
    expect(most!.x).toEqual(most!.x.toSorted((a, b) => a - b));
    expect(most!.label).toBe("busiest");
    expect(most!.y[0]).toBeNull();
    // A stretch is 99.96 s wide: ten values, seldom nine or eleven.
    expect(most!.y.slice(1, 100).every((value) => value === 9)).toBe(true);
    expect(least!.y.slice(1, 100).every((value) => value === 0)).toBe(true);
    for (const value of mean!.y.slice(1)) expect(value).toBeCloseTo(4.5, 0);
    expect(Math.max(...(most!.y as number[]))).toBe(9);
  });

  test("leaves a short curve as it is", () => {
    const short = { ...long, x: long.x.slice(0, 700), y: long.y.slice(0, 700) };
    expect(coarser(short, "most")).toBe(short);
  });
});
