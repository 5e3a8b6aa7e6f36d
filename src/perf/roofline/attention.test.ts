import { describe, expect, it } from "vitest";
import { assert, integer, property } from "../../../test/seeded-properties.ts";
import { gpuOf } from "../gpu.ts";
import { prefillAttentionSeconds, rotaryAndCacheSeconds } from "./attention.ts";

const gpu = gpuOf("h200")!;
const share = {
  heads: 8,
  keyValueHeads: 1,
  headDimension: 128,
  cacheBytes: 2,
  fp8: false,
  normalizesQueryAndKey: false,
};

/** Attention that computes at the peak rate and has nothing to read: what is left is the number of scores. */
const ideal = [0, 1, 1, 0, 0, 1, 1e9, 1];

/** Scores a head computes for one prompt, as the formula has them. */
function scores(newTokens: number, prefix: number, window: number | null): number {
  const seconds = prefillAttentionSeconds(ideal, gpu, share, 1, newTokens, prefix, window);
  return ((seconds - rotaryAndCacheSeconds(gpu, share)) * gpu.bf16Flops) / (4 * share.heads * share.headDimension);
}

/** Query-key pairs of a causal prompt, counted one query at a time. */
function counted(length: number, window: number): number {
  let pairs = 0;
  for (let query = 1; query <= length; query++) pairs += Math.min(query, window);
  return pairs;
}

describe("attention over a prompt", () => {
  it("scores the pairs of the causal triangle, cut to the window where there is one", () => {
    const lengths = integer({ min: 1, max: 3000 });
    assert(
      property(lengths, lengths, (length, window) => {
        // A triangle's half diagonal is not counted: half a pair a query.
        const diagonal = Math.min(length, window) / 2;
        expect(scores(length, 0, window)).toBeCloseTo(counted(length, window) - diagonal, 3);
        expect(scores(length, 0, null)).toBeCloseTo(counted(length, length) - length / 2, 3);
      }),
    );
  });

  // perf-model-reference §A: × (S² − P²)/S².
  it("leaves out the triangle of what was computed before", () => {
    expect(scores(1000, 1000, null)).toBeCloseTo(scores(2000, 0, null) * 0.75, 3);
  });
});
