import { expect, test } from "vitest";
import type { RunPageData } from "../page-data.ts";
import { worstStretch } from "./trouble.ts";

/** A run of ten buckets of 10 s with ten requests each, some of which missed. */
function run(missed: readonly number[], replicas = { t_s: [0, 40, 60], active: [1, 2, 4] }): RunPageData {
  return {
    duration_ms: missed.length * 10_000,
    timeline: {
      bucket_s: 10,
      buckets: missed.length,
      completions: missed.map(() => 10),
      failures: missed.map(() => 0),
      queued: missed.map((_, k) => (k === 5 ? 12.4 : 0)),
      replicas: { agg: replicas },
      sla_attainment: { all: missed.map((count) => 1 - count / 10) },
    },
  } as unknown as RunPageData;
}

test("the worst stretch has the misses beyond the run's average, not a few at its ends", () => {
  expect(worstStretch(run([1, 0, 0, 0, 9, 9, 0, 0, 0, 1]))).toEqual({
    from: 40,
    to: 60,
    text:
      "90.0 % of all misses fall between 0:00:40 and 0:01:00: 90.0 % of the requests that finished then missed, " +
      "up to 12 were waiting, 2 replicas ready.",
  });
  // Short of misses in the middle, but beyond the average as a whole.
  expect(worstStretch(run([0, 0, 0, 9, 4, 9, 0, 0, 0, 0]))).toMatchObject({ from: 30, to: 60 });
});

test("it tells the least and most replicas that were ready within it", () => {
  const text = (missed: readonly number[]) => worstStretch(run(missed))!.text;
  expect(text([0, 9, 9, 9, 0, 0, 0, 0, 0, 0])).toContain("hardly any was waiting, 1 replica ready.");
  expect(text([0, 0, 0, 9, 9, 9, 9, 0, 0, 0])).toContain("1 to 4 replicas ready.");
  expect(text([0, 0, 0, 0, 0, 0, 0, 0, 9, 9])).toContain(", 4 replicas ready.");
});

test("over nine tenths of a run it is no stretch; two thirds are one", () => {
  expect(worstStretch(run([9, 9, 9, 9, 9, 9, 0, 0, 0, 0]))!.text).toMatch(/^100 % of all misses fall between/);
  const spread = Array.from({ length: 20 }, (_, bucket) => (bucket === 19 ? 8 : 9));
  expect(worstStretch(run(spread))!.text).toMatch(/^Misses are spread over the whole run: 90\.0 % of/);
});

test("nothing is said without misses, and all is said where nothing else happened", () => {
  expect(worstStretch(run([0, 0, 0]))).toBeNull();
  expect(worstStretch(run([10, 10, 10]))).toEqual({
    from: 0,
    to: 60,
    text: "Not one request met it, at any time.",
  });
});
