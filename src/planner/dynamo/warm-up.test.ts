import { describe, expect, it } from "vitest";
import { intervalsOf } from "./warm-up.ts";

describe("§8.31 intervals of a warm-up trace", () => {
  it("counts requests and averages lengths by interval, gaps included", () => {
    const intervals = intervalsOf(
      { arrivalMs: [0, 5000, 35_000], inputLength: [100, 300, 500], outputLength: [10, 30, 50] },
      10,
    );
    expect(intervals.map(({ requests }) => requests)).toEqual([2, 0, 0, 1]);
    expect(intervals.map(({ inputTokens }) => inputTokens)).toEqual([200, 0, 0, 500]);
  });

  it("leaves out what lies before the first and after the last request", () => {
    const trace = { arrivalMs: [30_000, 50_000, Number.NaN], inputLength: [1, 1, 1], outputLength: [1, 1, 1] };
    expect(intervalsOf(trace, 10).map(({ requests }) => requests)).toEqual([1, 0, 1]);
    expect(intervalsOf({ arrivalMs: [], inputLength: [], outputLength: [] }, 10)).toEqual([]);
  });
});

it("takes more intervals than a call takes arguments", () => {
  const count = 200_000;
  const arrivalMs = Float64Array.from({ length: count }, (_, i) => i * 1000);
  const ones = new Int32Array(count).fill(1);
  const intervals = intervalsOf({ arrivalMs, inputLength: ones, outputLength: ones }, 1);
  expect(intervals).toHaveLength(count);
});
