import { SeededRandom } from "../../random/seeded-random.ts";
import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { groupsOf } from "./request-groups.ts";
import { selectRequests } from "./select-requests.ts";

/**
 * Keeps a random share of a trace: whole sessions (plays of requests that wait for each other) where it has
 * them, else single requests.
 *
 * @param share In (0, 1].
 * @throws TraceError when nothing is left.
 */
export function sampleTrace(trace: Trace, share: number, seed: number): Trace {
  const random = new SeededRandom(seed);
  const groups = groupsOf(trace);
  const keptGroups = groups === null ? null : Array.from({ length: groups.count }, () => random.uniform() < share);
  const kept: number[] = [];
  for (let request = 0; request < trace.count; request++) {
    const keep = keptGroups === null ? random.uniform() < share : keptGroups[groups!.of[request]!]!;
    if (keep) kept.push(request);
  }
  if (kept.length === 0) throw new TraceError(trace.name, null, `no request is left of ${trace.count}`);
  return selectRequests(trace, Uint32Array.from(kept));
}
