import type { TraceBlocks } from "../trace.ts";

/** Which earlier prompt each prompt continues, as its blocks tell. */
export interface PromptLineage {
  /** The latest earlier request that has the deepest block shared; −1 = none. */
  readonly parent: Int32Array;
  /** Leading blocks shared with it. */
  readonly depth: Int32Array;
}

/** @param blocks Prompts in order of arrival. */
export function promptLineage({ offsets, ids, distinct }: TraceBlocks): PromptLineage {
  const count = offsets.length - 1;
  const parent = new Int32Array(count).fill(-1);
  const depth = new Int32Array(count);
  const lastUser = new Int32Array(distinct).fill(-1);
  for (let request = 0; request < count; request++) {
    const start = offsets[request]!;
    const end = offsets[request + 1]!;
    let at = start;
    while (at < end && lastUser[ids[at]!]! >= 0) at++;
    depth[request] = at - start;
    if (at > start) parent[request] = lastUser[ids[at - 1]!]!;
    for (let block = start; block < end; block++) lastUser[ids[block]!] = request;
  }
  return { parent, depth };
}
