import type { Trace } from "../trace.ts";
import { scaleDependencies } from "./select-dependencies.ts";

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
    ...(trace.dependencies == null ? {} : { dependencies: scaleDependencies(trace.dependencies, speed) }),
  };
}
