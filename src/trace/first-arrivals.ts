import type { TraceSessions } from "./trace.ts";

/** When the first turns of a trace come; the others follow the turn before them. */
export interface FirstArrivals {
  /** Earliest and latest, ms; infinite where none has a time. */
  readonly earliestMs: number;
  readonly latestMs: number;
  /** The row that comes last; −1 where none has a time. */
  readonly lastRow: number;
  /** The first row without a time, −1 = none, and how many there are. */
  readonly missingRow: number;
  readonly missing: number;
}

/** Looks through the arrivals of a trace, which need not be in order. NaN = no time given. */
export function firstArrivals(arrivalMs: Float64Array, sessions: TraceSessions | null): FirstArrivals {
  let earliestMs = Infinity;
  let latestMs = -Infinity;
  let lastRow = -1;
  let missingRow = -1;
  let missing = 0;
  for (let row = 0; row < arrivalMs.length; row++) {
    if (sessions !== null && sessions.turnOf[row]! > 0) continue;
    const arrival = arrivalMs[row]!;
    if (arrival < earliestMs) earliestMs = arrival;
    if (arrival > latestMs) {
      latestMs = arrival;
      lastRow = row;
    }
    if (arrival !== arrival) {
      if (missingRow < 0) missingRow = row;
      missing++;
    }
  }
  return { earliestMs, latestMs, lastRow, missingRow, missing };
}
