import type { Trace } from "../src/trace/trace.ts";

/** A request whose prompt begins like those of its family, for as many blocks as both have in common. */
export interface FamilyRequest {
  readonly family: number;
  readonly commonBlocks: number;
  readonly inputLength: number;
  /** @default 1 */
  readonly outputLength?: number;
}

/** The trace of such requests, all at 0. */
export function familyTrace(requests: readonly FamilyRequest[], blockSize: number): Trace {
  const offsets = new Float64Array(requests.length + 1);
  const ids: number[] = [];
  const numbers = new Map<string, number>();
  for (const [request, { family, commonBlocks, inputLength }] of requests.entries()) {
    for (let block = 0; block < Math.ceil(inputLength / blockSize); block++) {
      const name = block < commonBlocks ? `f${family}-${block}` : `r${request}-${block}`;
      if (!numbers.has(name)) numbers.set(name, numbers.size);
      ids.push(numbers.get(name)!);
    }
    offsets[request + 1] = ids.length;
  }
  return {
    name: "random",
    count: requests.length,
    arrivalMs: new Float64Array(requests.length),
    inputLength: Int32Array.from(requests, (request) => request.inputLength),
    outputLength: Int32Array.from(requests, ({ outputLength }) => outputLength ?? 1),
    blocks: { blockSize, offsets, ids: Int32Array.from(ids), distinct: numbers.size },
    sessions: null,
    notes: [],
  };
}
