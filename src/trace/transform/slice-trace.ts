import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { selectRequests } from "./select-requests.ts";

/** Which part of a trace to keep; everything absent = all of it. */
export interface TraceSlice {
  /** Requests that arrive at or after, seconds. A session goes by its first turn. */
  readonly fromSeconds?: number;
  /** Requests that arrive before, seconds. */
  readonly toSeconds?: number;
  /** At most so many requests, the first in file order. */
  readonly maxRequests?: number;
}

/** Cuts a trace in time and in number. @throws TraceError when nothing is left. */
export function sliceTrace(trace: Trace, { fromSeconds = 0, toSeconds, maxRequests }: TraceSlice): Trace {
  const { sessions } = trace;
  const fromMs = fromSeconds * 1000;
  const toMs = (toSeconds ?? Infinity) * 1000;
  const startMs = firstTurnTimes(trace);
  const kept: number[] = [];
  for (let request = 0; request < trace.count && kept.length < (maxRequests ?? Infinity); request++) {
    const at = sessions === null ? trace.arrivalMs[request]! : startMs[sessions.sessionOf[request]!]!;
    // A request without a time stays.
    if (at < fromMs || at >= toMs) continue;
    kept.push(request);
  }
  if (kept.length === 0) throw new TraceError(trace.name, null, "no request lies in the slice");
  return selectRequests(trace, Uint32Array.from(kept));
}

function firstTurnTimes({ sessions, arrivalMs }: Trace): Float64Array {
  const times = new Float64Array(sessions?.names.length ?? 0).fill(Number.NaN);
  sessions?.sessionOf.forEach((session, request) => {
    if (sessions.turnOf[request] === 0) times[session] = arrivalMs[request]!;
  });
  return times;
}
