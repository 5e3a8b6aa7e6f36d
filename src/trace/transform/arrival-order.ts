import { playsOf } from "../plays.ts";
import type { Trace } from "../trace.ts";

/**
 * When each request is known to come, ms: its arrival, or for the later turns of a session that of its first turn.
 * Infinity where nothing is known.
 */
export function knownTimes(trace: Trace): Float64Array {
  const { arrivalMs, sessions, count } = trace;
  if (trace.dependencies != null) return playTimes(trace);
  const times = new Float64Array(count);
  const firstTurn = new Float64Array(sessions?.names.length ?? 0).fill(Infinity);
  for (let request = 0; request < count; request++) {
    const at = arrivalMs[request]!;
    const known = Number.isNaN(at) ? Infinity : at;
    if (sessions === null) {
      times[request] = known;
    } else {
      const session = sessions.sessionOf[request]!;
      if (sessions.turnOf[request] === 0) firstTurn[session] = known;
      times[request] = firstTurn[session]!;
    }
  }
  return times;
}

/** The arrival of the first root of each request's play. */
function playTimes({ arrivalMs, dependencies, count }: Trace): Float64Array {
  const { offsets } = dependencies!;
  const { of, members } = playsOf(dependencies!, count);
  const starts = new Float64Array(members.length).fill(Infinity);
  for (const [request, play] of of.entries()) {
    const isRoot = offsets[request + 1] === offsets[request];
    if (isRoot && arrivalMs[request]! < starts[play]!) starts[play] = arrivalMs[request]!;
  }
  return Float64Array.from(of, (play) => starts[play]!);
}

/** Indices of times in rising order; equal ones keep their order. */
export function risingOrder(times: Float64Array): Uint32Array {
  const order = new Uint32Array(times.length);
  for (let index = 0; index < order.length; index++) order[index] = index;
  // Infinities are equal, though their difference is not 0.
  return order.toSorted((one, other) =>
    times[one]! < times[other]! ? -1 : times[one]! > times[other]! ? 1 : one - other,
  );
}
