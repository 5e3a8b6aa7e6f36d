import { SeededRandom } from "../../random/seeded-random.ts";
import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { selectRequests } from "./select-requests.ts";

/**
 * Keeps a random share of a trace: whole sessions where it has them, else single requests.
 *
 * @param share In (0, 1].
 * @throws TraceError when nothing is left.
 */
export function sampleTrace(trace: Trace, share: number, seed: number): Trace {
  const random = new SeededRandom(seed);
  const { sessions } = trace;
  const keptSessions = sessions?.names.map(() => random.uniform() < share);
  const kept: number[] = [];
  for (let request = 0; request < trace.count; request++) {
    const keep = keptSessions === undefined ? random.uniform() < share : keptSessions[sessions!.sessionOf[request]!]!;
    if (keep) kept.push(request);
  }
  if (kept.length === 0) throw new TraceError(trace.name, null, `no request is left of ${trace.count}`);
  return selectRequests(trace, Uint32Array.from(kept));
}
