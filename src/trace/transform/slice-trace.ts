import type { Trace } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { groupsOf } from "./request-groups.ts";
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
  const fromMs = fromSeconds * 1000;
  const toMs = (toSeconds ?? Infinity) * 1000;
  const groups = groupsOf(trace);
  const startMs = groups === null ? trace.arrivalMs : startOfGroups(trace, groups);
  // Requests that wait for each other stay together; sessions may lose their last turns.
  const whole = trace.dependencies != null ? groups : null;
  const kept: number[] = [];
  const most = whole === null ? (maxRequests ?? Infinity) : Infinity;
  const tooMany = whole === null ? null : groupsBeyond(whole, maxRequests ?? Infinity);
  for (let request = 0; request < trace.count && kept.length < most; request++) {
    const group = groups === null ? request : groups.of[request]!;
    if (tooMany?.has(group) === true) continue;
    const at = startMs[group]!;
    // A request without a time stays.
    if (at < fromMs || at >= toMs) continue;
    kept.push(request);
  }
  if (kept.length === 0) throw new TraceError(trace.name, null, "no request lies in the slice");
  return selectRequests(trace, Uint32Array.from(kept));
}

/** When the first request of each group comes, ms. */
function startOfGroups({ dependencies, sessions, arrivalMs }: Trace, { of, count }: Groups): Float64Array {
  const times = new Float64Array(count).fill(Number.NaN);
  for (let request = 0; request < of.length; request++) {
    const isFirst =
      dependencies == null
        ? sessions!.turnOf[request] === 0
        : dependencies.offsets[request + 1] === dependencies.offsets[request];
    const group = of[request]!;
    if (isFirst && !(times[group]! <= arrivalMs[request]!)) times[group] = arrivalMs[request]!;
  }
  return times;
}

/** Groups that no longer fit into `most` requests, in the order they begin. */
function groupsBeyond({ of, count }: Groups, most: number): Set<number> {
  const sizes = new Int32Array(count);
  for (const group of of) sizes[group]!++;
  const beyond = new Set<number>();
  let taken = 0;
  for (const [group, size] of sizes.entries()) {
    if (taken + size > most) beyond.add(group);
    else taken += size;
  }
  return beyond;
}

type Groups = NonNullable<ReturnType<typeof groupsOf>>;
