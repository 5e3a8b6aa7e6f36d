import { TraceError } from "../trace/trace-error.ts";
import type { Trace } from "../trace/trace.ts";
import { sliceTrace } from "../trace/transform/slice-trace.ts";

/** The parts of a trace a recommendation is made on and reported on. */
export interface TraceHalves {
  readonly tune: Trace;
  /** Overlapping ranges of `tune` that finalists must hold on too: what holds by luck of one run falls behind. */
  readonly ranges: readonly Trace[];
  readonly heldOut: Trace;
  /** Where the second begins, simulated seconds of the whole. */
  readonly splitSeconds: number;
}

/**
 * Cuts a trace in time: settings are found on the first part and reported on the second, which the search never sees.
 * @param share of the time the first part takes
 * @throws TraceError when a part would be empty
 */
export function splitTrace(trace: Trace, share: number): TraceHalves {
  let last = 0;
  for (const at of trace.arrivalMs) if (at > last) last = at;
  const splitSeconds = (last * share) / 1000;
  if (!(splitSeconds > 0)) {
    throw new TraceError(trace.name, null, "its requests all come at once; there is no time to split");
  }
  return {
    tune: sliceTrace(trace, { toSeconds: splitSeconds }),
    ranges: [
      sliceTrace(trace, { toSeconds: splitSeconds * 0.6 }),
      sliceTrace(trace, { fromSeconds: splitSeconds * 0.4, toSeconds: splitSeconds }),
    ],
    heldOut: sliceTrace(trace, { fromSeconds: splitSeconds }),
    splitSeconds,
  };
}
