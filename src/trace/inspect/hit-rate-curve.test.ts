import * as fc from "../../../test/seeded-properties.ts";
import { describe, expect, it } from "vitest";
import { hasShared, sharedPath } from "../../../test/shared-data.ts";
import { openTrace } from "../open-trace.ts";
import type { TraceBlocks } from "../trace.ts";
import { hitRateCurve } from "./hit-rate-curve.ts";

function blocksOf(prompts: readonly (readonly number[])[]): TraceBlocks {
  const offsets = new Float64Array(prompts.length + 1);
  prompts.forEach((prompt, index) => {
    offsets[index + 1] = offsets[index]! + prompt.length;
  });
  const ids = Int32Array.from(prompts.flat());
  return { blockSize: 16, offsets, ids, distinct: Math.max(0, ...ids) + 1 };
}

/** The same cache, kept as a list: longest cached run from the front; then every block to the front, last first. */
function bruteForceHits(prompts: readonly (readonly number[])[], capacity: number): number {
  let cache: number[] = [];
  let hits = 0;
  for (const prompt of prompts) {
    for (const block of prompt) {
      if (!cache.includes(block)) break;
      hits += 1;
    }
    for (const block of prompt.toReversed()) cache = [block, ...cache.filter((other) => other !== block)];
    cache = cache.slice(0, capacity);
  }
  return hits;
}

describe("hitRateCurve", () => {
  it("has the hits of a small example", () => {
    const curve = hitRateCurve(blocksOf([[0, 1, 2], [0, 1, 3], [4], [0, 1, 2]]));
    expect(curve.lookups).toBe(10);
    expect(curve.infiniteHits).toBe(5);
    // The last prompt finds 0 and 1 behind 4, and 2 behind 3 as well.
    expect([1, 2, 3, 4, 5].map((capacity) => curve.hits(capacity))).toEqual([1, 3, 4, 4, 5]);
    expect(curve.saturatedAt).toBe(5);
  });

  it("equals a brute-force cache of every size, on chains and on unrelated blocks", () => {
    const anyPrompt = fc.array(fc.nat(11), { minLength: 1, maxLength: 6 });
    const chain = fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }).map((path) => {
      // A block's identity holds the way to it, as chained hashes do.
      let id = 0;
      return path.map((step) => (id = id * 3 + step + 1));
    });
    fc.assert(
      fc.property(
        fc.oneof(fc.array(anyPrompt, { maxLength: 25 }), fc.array(chain, { maxLength: 25 })),
        fc.integer({ min: 1, max: 40 }),
        (prompts, capacity) => {
          const curve = hitRateCurve(blocksOf(prompts));
          expect(curve.hits(capacity)).toBe(bruteForceHits(prompts, capacity));
          expect(curve.hits(curve.saturatedAt)).toBe(curve.infiniteHits);
          expect(curve.hits(Infinity)).toBe(bruteForceHits(prompts, Infinity));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.skipIf(!hasShared).each([
    ["conversation_trace.jsonl", 288_500, 182_790],
    ["synthetic_trace.jsonl", 121_877, 43_924],
  ])("counts on %s (needs ../shared) what a direct count of repeated blocks does", async (file, blocks, distinct) => {
    const curve = hitRateCurve((await openTrace(sharedPath("traces", file))).blocks!);
    expect(curve.lookups).toBe(blocks);
    // Every repeated block of these traces stands behind repeated blocks only.
    expect(curve.infiniteHits).toBe(blocks - distinct);
    expect(curve.hits(1000)).toBeLessThan(curve.hits(20_000));
  });
});
