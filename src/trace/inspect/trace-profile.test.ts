import { describe, expect, it } from "vitest";
import { assert, array, integer, property } from "../../../test/seeded-properties.ts";
import type { Trace } from "../trace.ts";
import { distributionRows } from "./profile-figures.ts";
import { distribution, profileTrace } from "./trace-profile.ts";

/** Requests at times (s) with prompts of blocks of 16 tokens, the last of which may be cut. */
function trace(
  rows: readonly { readonly at: number; readonly blocks?: readonly number[]; readonly input?: number }[],
): Trace {
  const ids = rows.map(({ blocks }) => blocks ?? []);
  const offsets = new Float64Array(rows.length + 1);
  for (const [i, row] of ids.entries()) offsets[i + 1] = offsets[i]! + row.length;
  const all = Int32Array.from(ids.flat());
  return {
    name: "made by hand",
    count: rows.length,
    arrivalMs: Float64Array.from(rows, ({ at }) => at * 1000),
    inputLength: Int32Array.from(rows, ({ input, blocks }) => input ?? 16 * (blocks?.length ?? 1)),
    outputLength: new Int32Array(rows.length).fill(10),
    blocks: all.length === 0 ? null : { blockSize: 16, offsets, ids: all, distinct: Math.max(...all) + 1 },
    sessions: null,
    notes: [],
  };
}

describe("when requests come", () => {
  it("is told by rates over the whole time, and by minutes where there is one", () => {
    const short = profileTrace(trace([{ at: 0 }, { at: 10 }, { at: 20 }, { at: 40 }])).arrivals!;
    expect(short).toMatchObject({ durationSeconds: 40, requestsPerSecond: 0.1, inputTokensPerSecond: 1.6 });
    expect(short).toMatchObject({ outputTokensPerSecond: 1, peakRequestsPerSecond: null, perMinute: [] });
    // Gaps of 10, 10 and 20 s.
    expect(short.gapVariation).toBeCloseTo(Math.sqrt(200 / 9) / (40 / 3), 12);
    const long = profileTrace(trace([0, 10, 20, 59, 61, 130].map((at) => ({ at })))).arrivals!;
    expect(long.perMinute).toEqual([4, 1]);
    expect(long.peakRequestsPerSecond).toBe(4 / 60);
  });

  it("has the dispersion in windows of which there are ten", () => {
    const windows = (seconds: number) =>
      profileTrace(trace([{ at: 0 }, { at: seconds }])).arrivals!.dispersion.map(({ windowSeconds }) => windowSeconds);
    expect([9, 10, 100, 599, 600].map(windows)).toEqual([[], [1], [1, 10], [1, 10], [1, 10, 60]]);
  });

  it("goes by the first turns of sessions", () => {
    const sessions = {
      sessionOf: Int32Array.of(0, 0, 1),
      turnOf: Int32Array.of(0, 1, 0),
      delayMs: Float64Array.of(0, 500, 0),
      names: ["a", "b"],
    };
    const profile = profileTrace({ ...trace([{ at: 0 }, { at: 500 }, { at: 20 }]), sessions });
    expect(profile.arrivals).toMatchObject({ durationSeconds: 20, requestsPerSecond: 0.1 });
    expect(profile.sessions).toMatchObject({ count: 2, turns: { min: 1, max: 2 }, thinkMs: { min: 500, max: 500 } });
  });

  it("is not told where there is no span of time", () => {
    expect(profileTrace(trace([{ at: 0 }, { at: 0 }])).arrivals).toBeNull();
    expect(profileTrace(trace([{ at: 5 }])).arrivals).toBeNull();
    expect(profileTrace(trace([{ at: Number.NaN }, { at: Number.NaN }])).arrivals).toBeNull();
  });
});

describe("what prompts have in common", () => {
  it("is looked up as they come, not as they stand in the file", () => {
    const first = { at: 0, blocks: [0, 1, 2] };
    const second = { at: 5, blocks: [0, 1, 3, 4] };
    for (const rows of [
      [first, second],
      [second, first],
    ]) {
      expect(profileTrace(trace(rows)).sharing).toMatchObject({
        blocks: 7,
        distinctBlocks: 5,
        sharingPrompts: 0.5,
        infiniteHitRate: 2 / 7,
        depth: { max: 2 },
      });
    }
  });

  it("takes as large a cache as lies between their arrivals", () => {
    const saturatedAt = (...times: number[]) => {
      const prompts = [[0], [1], [0]];
      return profileTrace(trace(times.map((at, i) => ({ at, blocks: prompts[i]! })))).sharing!.saturatedAtBlocks;
    };
    expect(saturatedAt(0, 1, 2)).toBe(2);
    expect(saturatedAt(0, 2, 1)).toBe(1);
  });

  it("is a share of whole blocks, too, and never more than all of them", () => {
    const same = { blocks: [0, 1], input: 20 };
    const { sharing } = profileTrace(
      trace([
        { at: 0, ...same },
        { at: 1, ...same },
        { at: 2, ...same },
      ]),
    );
    // Four of six look-ups hit, but each prompt has one whole block.
    expect(sharing).toMatchObject({ infiniteHitRate: 4 / 6, infiniteHitRateWholeBlocks: 1 });
    const [row] = [{ at: 0, blocks: [0], input: 5 }];
    expect(profileTrace(trace([row!, row!])).sharing!.infiniteHitRateWholeBlocks).toBeNull();
    expect(profileTrace(trace([{ at: 0 }, { at: 1 }])).sharing).toBeNull();
  });
});

it("quantiles are values by nearest rank, and figures have no more digits than they need", () => {
  const of = (...values: number[]) => distribution(Float64Array.from(values));
  expect(of(4, 1, 3, 2, 5)).toMatchObject({ mean: 3, min: 1, p25: 2, p50: 3, p75: 4, max: 5, std: Math.SQRT2 });
  assert(
    property(array(integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 50 }), (values) => {
      const { min, p25, p50, p75, p90, p95, p99, max } = of(...values);
      const ordered = [min, p25, p50, p75, p90, p95, p99, max];
      expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
      expect([min, max]).toEqual([Math.min(...values), Math.max(...values)]);
      for (const value of ordered) expect(values).toContain(value);
    }),
  );
  const rows = distributionRows(
    profileTrace(
      trace([
        { at: 0, input: 1000 },
        { at: 1, input: 2001 },
      ]),
    ),
  );
  expect(rows[1]!.slice(0, 4)).toEqual(["Input tokens", "1,500.5", "500.5", "1,000"]);
});
