import type { TraceBlocks } from "../trace.ts";
import { stackDistances } from "./stack-distances.ts";

/** Exact hit rates of an LRU prefix cache of every size, from one pass over a trace. */
export interface HitRateCurve {
  /** Block look-ups: blocks of all prompts. */
  readonly lookups: number;
  /** Hits of a cache without bounds. */
  readonly infiniteHits: number;
  /** Smallest cache, in blocks, that has all of them. */
  readonly saturatedAt: number;
  /** Hits of a cache of so many blocks. */
  hits(capacityBlocks: number): number;
}

/** @param blocks Prompts in the order they look up. */
export function hitRateCurve(blocks: TraceBlocks): HitRateCurve {
  const distances = stackDistances(blocks)
    .filter((distance) => distance > 0)
    .toSorted();
  return {
    lookups: blocks.ids.length,
    infiniteHits: distances.length,
    saturatedAt: distances.at(-1) ?? 0,
    hits: (capacityBlocks) => countUpTo(distances, capacityBlocks),
  };
}

/** How many of some sorted values are at most a bound. */
function countUpTo(sorted: Int32Array, bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
