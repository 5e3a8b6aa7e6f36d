import type { SimulationOutcome } from "../simulation/outcome.ts";

/**
 * Tokens (prompt and generated) of the requests that hold key-value cache, mean over each bucket's time. A request
 * holds its whole prompt from its admission (in disaggregated runs: its activation at the decode worker) and grows
 * evenly from its first to its last token; shared prefixes count once for each request.
 * @param widthNs width of a bucket, ns
 */
export function meanContextTokens(
  { ledger, trace, handoffs }: SimulationOutcome,
  widthNs: number,
  buckets: number,
): number[] {
  // Sums over time are kept as changes: a jump or a bend counts for the rest of its bucket there, wholly ever after.
  const within = new Float64Array(buckets);
  const jumps = new Float64Array(buckets + 1);
  const bends = new Float64Array(buckets + 1);
  const jump = (atNs: number, by: number) => {
    const bucket = Math.floor(atNs / widthNs);
    const rest = bucket + 1 - atNs / widthNs;
    within[bucket]! += by * rest;
    jumps[bucket + 1]! += by;
  };
  /** `by` tokens a bucket width. */
  const bend = (atNs: number, by: number) => {
    const bucket = Math.floor(atNs / widthNs);
    const rest = bucket + 1 - atNs / widthNs;
    within[bucket]! += (by * rest * rest) / 2;
    jumps[bucket + 1]! += by * rest;
    bends[bucket + 1]! += by;
  };
  const heldFrom = handoffs === null ? ledger.admitNs : handoffs.destinationActivatedNs;
  for (let request = 0; request < ledger.count; request++) {
    const from = heldFrom[request]!;
    const last = ledger.lastTokenNs[request]!;
    if (!(from >= 0) || !(last >= from) || !(ledger.terminalNs[request]! >= last)) continue;
    const first = Math.max(from, ledger.firstTokenNs[request]!);
    const output = ledger.outputTokens[request]!;
    const input = trace.inputLength[request]!;
    jump(from, input);
    if (last > first) {
      const slope = output / ((last - first) / widthNs);
      bend(first, slope);
      bend(last, -slope);
      jump(last, -(input + output));
    } else {
      jump(last, -input);
    }
  }
  const means: number[] = [];
  let level = 0;
  let slope = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    level += slope + jumps[bucket]!;
    slope += bends[bucket]!;
    means.push(Math.max(0, Math.round(level + slope / 2 + within[bucket]!)));
  }
  return means;
}
