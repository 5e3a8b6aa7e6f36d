import type { ReplayOptions } from "../config/replay-options.ts";
import { resolveReplay } from "../config/resolve-replay.ts";
import { loadWorkload } from "../replay.ts";
import type { Trace } from "../trace/trace.ts";
import { shareTrace, traceDigest } from "./shared-trace.ts";

/** Requests in shared memory and what they are known by. */
export interface SharedWorkload {
  readonly trace: Trace;
  readonly digest: string;
}

const traceOptions: ReadonlyArray<keyof ReplayOptions> = [
  "trace",
  "traceFormat",
  "traceBlockSize",
  "traceSharedPrefixRatio",
  "traceNumPrefixGroups",
];

const syntheticOptions: ReadonlyArray<keyof ReplayOptions> = [
  "inputTokens",
  "outputTokens",
  "requestCount",
  "requestRate",
  "arrivalIntervalMs",
  "arrivalSeed",
  "turnsPerSession",
  "sharedPrefixRatio",
  "numPrefixGroups",
  "interTurnDelayMs",
  // Synthetic prompts are cut into the engine's blocks.
  "extraEngineArgs",
  "prefillEngineArgs",
];

/** Equal for options that replay the same requests. */
export function workloadKey(options: ReplayOptions): string {
  const keys = options.trace === undefined ? syntheticOptions : traceOptions;
  const closedLoop = options.replayConcurrency === undefined ? "open" : "closed";
  return JSON.stringify([closedLoop, ...keys.map((key) => options[key] ?? null)]);
}

/**
 * Reads or makes the requests of a run and moves them to shared memory.
 * @throws ConfigError, TraceError
 */
export async function loadSharedWorkload(options: ReplayOptions): Promise<SharedWorkload> {
  const trace = shareTrace(await loadWorkload(await resolveReplay(options)));
  return { trace, digest: traceDigest(trace) };
}
