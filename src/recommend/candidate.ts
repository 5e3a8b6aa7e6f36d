import type { ReplayOptions } from "../config/replay-options.ts";
import type { Family } from "./search-space.ts";

/** A setting of a family: the place of each dimension's value; null = as the base has it. */
export interface Candidate {
  readonly family: Family;
  readonly places: readonly (number | null)[];
}

/** Equal for settings that are the same. */
export function candidateKey({ family, places }: Candidate): string {
  const { policy, topology, tensorParallel, dimensions } = family;
  const values = dimensions.map(({ values }, i) => (places[i] === null ? null : values[places[i]!]));
  return JSON.stringify([policy, topology, tensorParallel, values]);
}

/** What a candidate sets, by dotted key. */
export function candidateSettings({ family, places }: Candidate): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  family.dimensions.forEach(({ key, values }, i) => {
    const place = places[i];
    if (place !== null && place !== undefined) settings[key] = values[place];
  });
  return settings;
}

/** Options a candidate sets itself. */
const replaced = [
  "extraEngineArgs",
  "prefillEngineArgs",
  "decodeEngineArgs",
  "plannerConfig",
  "policy",
  "policyConfig",
  "numWorkers",
  "numPrefillWorkers",
  "numDecodeWorkers",
] as const;

/** The replay a candidate is. */
export function candidateOptions(base: ReplayOptions, candidate: Candidate): ReplayOptions {
  const { policy, topology, tensorParallel } = candidate.family;
  const { extraEngineArgs, prefillEngineArgs, decodeEngineArgs, plannerConfig } = base;
  const others: Record<string, unknown> = { ...base };
  for (const key of replaced) delete others[key];
  const sized = (args: ReplayOptions["extraEngineArgs"]): object => ({
    ...(args as object | undefined),
    aic_tp_size: tensorParallel,
  });
  const run: Record<string, unknown> =
    topology === "agg"
      ? { extraEngineArgs: sized(extraEngineArgs ?? decodeEngineArgs), numWorkers: base.numWorkers ?? 2 }
      : {
          prefillEngineArgs: sized(prefillEngineArgs ?? extraEngineArgs),
          decodeEngineArgs: sized(decodeEngineArgs ?? extraEngineArgs),
          numPrefillWorkers: base.numPrefillWorkers ?? 1,
          numDecodeWorkers: base.numDecodeWorkers ?? 1,
        };
  const planner: Record<string, unknown> = { ...(plannerConfig as object | undefined), mode: topology };
  for (const key of ["policy", "policy_config", "prefill_engine_num_gpu", "decode_engine_num_gpu"]) delete planner[key];
  const knobs: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(candidateSettings(candidate))) {
    const [root, name] = key.split(".") as [string, string];
    if (root === "policy") knobs[name] = value;
    else if (root === "planner") planner[name] = value;
    else run[name] = value;
  }
  const hasKnobs = Object.keys(knobs).length > 0;
  // A fixed fleet needs no planner at all.
  return policy === "static"
    ? { ...others, ...run }
    : { ...others, ...run, plannerConfig: planner, policy, ...(hasKnobs ? { policyConfig: knobs } : {}) };
}
