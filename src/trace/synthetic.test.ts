import { describe, expect, it } from "vitest";
import type { SyntheticSpec } from "./synthetic.ts";
import { syntheticTrace } from "./synthetic.ts";

const plain: SyntheticSpec = {
  inputTokens: 1000,
  outputTokens: 10,
  requestCount: 20,
  requestRate: null,
  arrivalIntervalMs: null,
  arrivalSeed: 42,
  turnsPerSession: 1,
  sharedPrefixRatio: 0,
  numPrefixGroups: 0,
  interTurnDelayMs: 0,
};

describe("syntheticTrace", () => {
  it("makes equal requests that share nothing, all at 0 for a closed loop", () => {
    const trace = syntheticTrace(plain, 64);
    expect(trace.count).toBe(20);
    expect(trace.inputLength).toEqual(new Int32Array(20).fill(1000));
    expect(trace.outputLength).toEqual(new Int32Array(20).fill(10));
    expect(trace.arrivalMs).toEqual(new Float64Array(20));
    expect(trace.blocks).toBeNull();
    expect(trace.sessions).toBeNull();
  });

  it("spaces arrivals evenly", () => {
    const trace = syntheticTrace({ ...plain, arrivalIntervalMs: 50 }, 64);
    expect([...trace.arrivalMs].slice(0, 3)).toEqual([0, 50, 100]);
  });

  it.each([
    [undefined, 1],
    [0.25, 4],
    [4, 0.25],
  ])("draws arrivals by rate, the first at 0; gaps of shape %s have squared variation %f", (burstiness, variation) => {
    const count = 50_000;
    const spec = { ...plain, requestCount: count, requestRate: 8, ...(burstiness === undefined ? {} : { burstiness }) };
    const { arrivalMs } = syntheticTrace(spec, 64);
    expect(arrivalMs[0]).toBe(0);
    const gaps = Array.from({ length: count - 1 }, (_, index) => arrivalMs[index + 1]! - arrivalMs[index]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(Math.abs(mean / 125 - 1)).toBeLessThan(0.03);
    expect(Math.abs(variance / mean ** 2 / variation - 1)).toBeLessThan(0.08);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(syntheticTrace(spec, 64).arrivalMs).toEqual(arrivalMs);
    expect(syntheticTrace({ ...spec, arrivalSeed: 1 }, 64).arrivalMs).not.toEqual(arrivalMs);
  });

  it("shares the first blocks of a group, the rest with nobody", () => {
    const trace = syntheticTrace({ ...plain, inputTokens: 330, sharedPrefixRatio: 0.5, numPrefixGroups: 2 }, 64);
    const { ids, offsets, distinct, blockSize } = trace.blocks!;
    expect(blockSize).toBe(64);
    // 330 tokens are 6 blocks, half of them shared.
    expect(offsets[20]).toBe(120);
    expect(distinct).toBe(2 * 3 + 20 * 3);
    const users = new Int32Array(distinct);
    for (const id of ids) users[id]! += 1;
    const shared = users.filter((count) => count > 1);
    expect(shared.length).toBe(6);
    expect(shared.reduce((sum, count) => sum + count, 0)).toBe(60);
    expect(syntheticTrace({ ...plain, sharedPrefixRatio: 0.5 }, 64).blocks).toBeNull();
  });

  // engine-reference §2.7: the first round(n · ratio).
  it.each([
    [0.4, 2],
    [0.45, 3],
    [0.55, 3],
    [0.05, 0],
  ])("shares as many of six blocks as a ratio of %f comes to, rounded", (sharedPrefixRatio, shared) => {
    const { blocks } = syntheticTrace({ ...plain, inputTokens: 330, sharedPrefixRatio, numPrefixGroups: 1 }, 64);
    expect(blocks === null ? 0 : 20 * 6 - blocks.distinct).toBe(19 * shared);
  });

  it("draws the reference's gaps and groups", () => {
    // Differences of the durations of 1.4.2 for 2 to 5 one-token requests at 0.001 requests/s, and which of 24 requests
    // of 8 groups found their group's prefix in the cache.
    const { arrivalMs } = syntheticTrace({ ...plain, requestCount: 5, requestRate: 0.001 }, 64);
    const theirs = [0, 747724.617641, 1530195.395191, 2542075.36845, 3062785.951561];
    expect([...arrivalMs].map((at) => Math.round(at * 1e6))).toEqual(theirs.map((at) => Math.round(at * 1e6)));
    const spec = { ...plain, requestCount: 24, inputTokens: 1024, sharedPrefixRatio: 0.5, numPrefixGroups: 8 };
    const { ids } = syntheticTrace(spec, 64).blocks!;
    const seen = new Set<number>();
    const hits = Array.from({ length: 24 }, (_, row) => {
      const first = ids[row * 16]!;
      const hit = seen.has(first);
      seen.add(first);
      return hit ? 1 : 0;
    });
    expect(hits.join("")).toBe("001100001011011111111111");
  });

  it("gives a session its turns, with think time before the later ones", () => {
    const trace = syntheticTrace(
      { ...plain, requestCount: 3, turnsPerSession: 2, arrivalIntervalMs: 10, interTurnDelayMs: 250 },
      64,
    );
    expect(trace.count).toBe(6);
    expect([...trace.sessions!.sessionOf]).toEqual([0, 0, 1, 1, 2, 2]);
    expect([...trace.sessions!.turnOf]).toEqual([0, 1, 0, 1, 0, 1]);
    expect([...trace.sessions!.delayMs]).toEqual([0, 250, 0, 250, 0, 250]);
    expect([...trace.arrivalMs]).toEqual([0, 0, 10, 10, 20, 20]);
    expect(trace.sessions!.names).toHaveLength(3);
  });
});
