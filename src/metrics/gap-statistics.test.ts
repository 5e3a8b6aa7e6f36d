import * as fc from "../../test/seeded-properties.ts";
import { expect, test } from "vitest";
import { GapRecorder } from "./gap-recorder.ts";
import { summarizeGaps } from "./gap-statistics.ts";
import { emptySummary, summarizeValues } from "./latency-statistics.ts";

const gap = fc.oneof(
  fc.integer({ min: 0, max: 5 }),
  fc.integer({ min: 5_000_000, max: 5_100_000 }),
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.integer({ min: 2 ** 32 - 2, max: 2 ** 40 }),
);

test("statistics are those of all gaps written out", () => {
  const pairs = fc.array(fc.tuple(gap, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(pairs, (recorded) => {
      const recorder = new GapRecorder();
      for (const [gapNs, count] of recorded) recorder.add(gapNs, count);
      const all = recorded.flatMap(([gapNs, count]) => Array.from({ length: count }, () => gapNs));
      const { gaps, perUser } = summarizeGaps(recorder);
      const plainGaps = summarizeValues(Float64Array.from(all, (gapNs) => gapNs / 1e6));
      const positive = all.filter((gapNs) => gapNs > 0);
      const plainPerUser = summarizeValues(Float64Array.from(positive, (gapNs) => 1000 / (gapNs / 1e6)));
      for (const [ours, plain] of [
        [gaps, plainGaps],
        [perUser, plainPerUser],
      ] as const) {
        expect(ours.distribution).toEqual(plain.distribution);
        const { mean, std, ...exact } = ours.statistics;
        expect(plain.statistics).toMatchObject(exact);
        expect(Math.abs(mean - plain.statistics.mean)).toBeLessThanOrEqual(1e-9 * plain.statistics.mean);
        expect(Math.abs(std - plain.statistics.std)).toBeLessThanOrEqual(1e-6 * plain.statistics.mean);
      }
    }),
  );
});

test("many recorded gaps, as a long run leaves them", () => {
  const recorder = new GapRecorder();
  const all = Float64Array.from({ length: 300_000 }, (_, i) => 5_000_000 + ((i * 7919) % 1_000_003) * 3);
  for (const gapNs of all) recorder.add(gapNs, 1);
  const { gaps } = summarizeGaps(recorder);
  const plain = summarizeValues(all.map((gapNs) => gapNs / 1e6));
  expect(gaps.distribution).toEqual(plain.distribution);
});

test("no gap at all gives zeros; only gaps of 0 give no throughput", () => {
  expect(summarizeGaps(new GapRecorder())).toEqual({ gaps: emptySummary(), perUser: emptySummary() });
  const recorder = new GapRecorder();
  recorder.add(0, 3);
  const { gaps, perUser } = summarizeGaps(recorder);
  expect(gaps.statistics).toEqual(emptySummary().statistics);
  expect(gaps.distribution.length).toBeGreaterThan(100);
  expect(perUser).toEqual(emptySummary());
});

test("most gaps of 0, as speculative decoding leaves them, cost no digit", () => {
  const recorder = new GapRecorder();
  const all = Array.from({ length: 240 }, (_, i) => (i % 3 === 1 ? 5_855_288 + i : 0));
  for (const gapNs of all) recorder.add(gapNs, 1);
  const positive = all.filter((gapNs) => gapNs > 0);
  const plain = summarizeValues(Float64Array.from(positive, (gapNs) => 1000 / (gapNs / 1e6))).statistics;
  const { mean, std } = summarizeGaps(recorder).perUser.statistics;
  expect(mean).toBeCloseTo(plain.mean, 9);
  expect(std).toBeCloseTo(plain.std, 9);
});

test("sketched percentiles are the middles of bins, as the reference reports them", () => {
  // Three percentiles of a run of ai-dynamo 1.4.2 beside the gaps they stand for.
  const recorder = new GapRecorder();
  recorder.add(34_010_000, 97);
  recorder.add(202_686_713, 3);
  const { gaps, perUser } = summarizeGaps(recorder, "sketched");
  expect(gaps.statistics).toMatchObject({ min: 34.01, max: 202.686713 });
  expect(gaps.statistics.p95).toBeCloseTo(34.02177210370669, 12);
  expect(gaps.statistics.p99).toBeCloseTo(202.55293713513225, 11);
  expect(perUser.statistics.median).toBeCloseTo(29.400175008601117, 12);
  expect(gaps.distribution).toEqual(summarizeGaps(recorder).gaps.distribution);
});

test("in a sketch a gap alone is itself, and gaps of 0 are 0", () => {
  const recorder = new GapRecorder();
  recorder.add(34_010_000, 1);
  expect(summarizeGaps(recorder, "sketched")).toEqual(summarizeGaps(recorder));
  recorder.add(0, 9);
  const { gaps, perUser } = summarizeGaps(recorder, "sketched");
  expect(gaps.statistics).toMatchObject({ median: 0, p75: 0 });
  expect(perUser.statistics.p99).toBe(1000 / 34.01);
});
