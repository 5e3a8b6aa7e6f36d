import type { TraceBlocks } from "../trace.ts";

/**
 * LRU stack distances of prefix blocks (Mattson et al., 1970): for each block of each prompt, in how many blocks an
 * LRU cache must hold at least for the prompt to find it and all blocks before it. 0 = never seen before, at least one
 * on the way. A prompt looks its blocks up before it touches them; then it touches them from last to first, so that a
 * prefix is always more recent than what follows it, as in a prefix cache that evicts leaves first.
 *
 * Time O(n log n), space O(n) for n blocks.
 */
export function stackDistances({ offsets, ids, distinct }: TraceBlocks): Int32Array {
  const distances = new Int32Array(ids.length);
  const lastTouch = new Int32Array(distinct).fill(-1);
  const recent = new RecencyCounts(ids.length);
  let touches = 0;
  for (let request = 0; request + 1 < offsets.length; request++) {
    const start = offsets[request]!;
    const end = offsets[request + 1]!;
    let needed = 0;
    for (let at = start; at < end; at++) {
      const last = lastTouch[ids[at]!]!;
      // Behind the first unknown block nothing is found.
      if (last < 0) break;
      needed = Math.max(needed, recent.marksFrom(last));
      distances[at] = needed;
    }
    for (let at = end - 1; at >= start; at--) {
      const id = ids[at]!;
      if (lastTouch[id]! >= 0) recent.add(lastTouch[id]!, -1);
      recent.add(touches, 1);
      lastTouch[id] = touches++;
    }
  }
  return distances;
}

/** Marks on a time line, counted from any time on: a Fenwick tree (1994). */
class RecencyCounts {
  readonly #tree: Int32Array;
  #total = 0;

  constructor(times: number) {
    this.#tree = new Int32Array(times + 1);
  }

  add(time: number, marks: number): void {
    this.#total += marks;
    for (let node = time + 1; node < this.#tree.length; node += node & -node) this.#tree[node]! += marks;
  }

  /** Marks at or after a time. */
  marksFrom(time: number): number {
    let before = 0;
    for (let node = time; node > 0; node -= node & -node) before += this.#tree[node]!;
    return this.#total - before;
  }
}
