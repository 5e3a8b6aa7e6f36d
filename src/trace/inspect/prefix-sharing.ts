import type { Trace } from "../trace.ts";

/**
 * Leading blocks of each prompt that an earlier request of the trace (in file order) has had: what a cache without
 * bounds could reuse at most. All 0 where the trace has no block identities.
 */
export function sharingDepths(trace: Trace): Int32Array {
  const depths = new Int32Array(trace.count);
  const { blocks } = trace;
  if (blocks === null) return depths;
  const { offsets, ids } = blocks;
  const seen = new Uint8Array(blocks.distinct);
  for (let request = 0; request < trace.count; request++) {
    const start = offsets[request]!;
    const end = offsets[request + 1]!;
    let at = start;
    while (at < end && seen[ids[at]!] === 1) at++;
    depths[request] = at - start;
    for (; at < end; at++) seen[ids[at]!] = 1;
  }
  return depths;
}
