import { isPoolSpec } from "../trace/servegen/open-pool.ts";
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
  "traceColumns",
  "traceTimeFormat",
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
  "burstiness",
  "turnsPerSession",
  "sharedPrefixRatio",
  "numPrefixGroups",
  "interTurnDelayMs",
  "cumulativePrompts",
];

/** Equal for options that replay the same requests. */
export function workloadKey(options: ReplayOptions): string {
  const keys = options.trace === undefined ? syntheticOptions : traceOptions;
  const closedLoop = options.replayConcurrency === undefined ? "open" : "closed";
  const given = keys.map((key) => options[key] ?? null);
  return JSON.stringify([closedLoop, seedOf(options), blockSizeFields(options), ...given]);
}

/** Presets are drawn anew for each seed; recorded requests are the same for all. */
function seedOf({ trace, seed }: ReplayOptions): number | null {
  const drawn = [trace ?? []].flat().some((spec) => spec.startsWith("preset:") || isPoolSpec(spec));
  return drawn ? (seed ?? null) : null;
}

/** The engine arguments that decide its block size, into which made-up prompts are cut. */
function blockSizeFields({ extraEngineArgs, prefillEngineArgs }: ReplayOptions): unknown[] {
  return [extraEngineArgs, prefillEngineArgs].map((given) => {
    if (typeof given !== "object") return given ?? null;
    const args = given as { engine_type?: unknown; block_size?: unknown; sglang?: { page_size?: unknown } };
    return [args.engine_type ?? null, args.block_size ?? null, args.sglang?.page_size ?? null];
  });
}

/**
 * Reads or makes the requests of a run and moves them to shared memory.
 * @throws ConfigError, TraceError
 */
export async function loadSharedWorkload(options: ReplayOptions): Promise<SharedWorkload> {
  const trace = shareTrace(await loadWorkload(await resolveReplay(options)));
  return { trace, digest: traceDigest(trace) };
}
