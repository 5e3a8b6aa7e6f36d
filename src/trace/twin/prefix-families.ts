import type { TraceBlocks } from "../trace.ts";

/** Requests whose prompts begin alike, by a fixed prefix such as a system prompt. */
export interface PrefixFamily {
  readonly requests: readonly number[];
  /** Blocks that most of them begin with. */
  readonly prefixBlocks: number;
}

/** Share of all requests that must begin with one block to be a family; the others are one family without a prefix. */
const leastShare = 0.02;

/** Sorts requests into families by the first block of their prompts; those of no family come last, as one. */
export function prefixFamilies(blocks: TraceBlocks): PrefixFamily[] {
  const { offsets, ids } = blocks;
  const count = offsets.length - 1;
  const byFirst = new Map<number, number[]>();
  for (let request = 0; request < count; request++) {
    const first = ids[offsets[request]!]!;
    const members = byFirst.get(first);
    if (members === undefined) byFirst.set(first, [request]);
    else members.push(request);
  }
  const families: PrefixFamily[] = [];
  const rest: number[] = [];
  for (const requests of byFirst.values()) {
    if (requests.length >= Math.max(20, leastShare * count)) {
      families.push({ requests, prefixBlocks: commonPrefix(blocks, requests) });
    } else {
      for (const request of requests) rest.push(request);
    }
  }
  if (rest.length > 0) families.push({ requests: rest.toSorted((one, other) => one - other), prefixBlocks: 0 });
  return families;
}

/** How many leading blocks more than half of the requests have in common. */
function commonPrefix({ offsets, ids }: TraceBlocks, requests: readonly number[]): number {
  let members = requests;
  for (let depth = 1; ; depth++) {
    const byBlock = new Map<number, number[]>();
    for (const request of members) {
      const at = offsets[request]! + depth;
      if (at >= offsets[request + 1]!) continue;
      const same = byBlock.get(ids[at]!);
      if (same === undefined) byBlock.set(ids[at]!, [request]);
      else same.push(request);
    }
    const most = [...byBlock.values()].reduce((best, same) => (same.length > best.length ? same : best), []);
    if (most.length * 2 <= requests.length) return depth;
    members = most;
  }
}
