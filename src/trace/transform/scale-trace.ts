import type { Trace } from "../trace.ts";

/**
 * Speeds a trace up: arrivals and think times are divided by `speed`, so that its request rate is `speed` times as
 * high. Lengths and sharing stay.
 */
export function scaleTrace(trace: Trace, speed: number): Trace {
  const { sessions } = trace;
  return {
    ...trace,
    arrivalMs: trace.arrivalMs.map((at) => at / speed),
    sessions: sessions === null ? null : { ...sessions, delayMs: sessions.delayMs.map((delay) => delay / speed) },
  };
}
