import type { ReplayOptions, ReplayValues } from "./replay-options.ts";

/** Warnings of options that were given and change nothing in this run, with what they would act on. */
export function optionsWithoutEffect(values: ReplayValues, given: ReplayOptions): string[] {
  const disaggregated = values.prefillEngineArgs !== null || values.decodeEngineArgs !== null;
  const synthetic = given.inputTokens !== undefined;
  const otherFormat = values.traceFormat !== "auto" && values.traceFormat !== "applied_compute_agentic";
  const roundRobin = values.routerMode === "round_robin";
  const conditions: readonly (readonly [flag: string, value: unknown, isIdle: boolean, why: string])[] = [
    [
      "--num-workers",
      given.numWorkers,
      disaggregated,
      "in a disaggregated run; --num-prefill-workers and --num-decode-workers size its pools",
    ],
    ["--num-prefill-workers", given.numPrefillWorkers, !disaggregated, "in an aggregated run; --num-workers sizes it"],
    ["--num-decode-workers", given.numDecodeWorkers, !disaggregated, "in an aggregated run; --num-workers sizes it"],
    ["--arrival-seed", given.arrivalSeed, given.requestRate === undefined, "without --request-rate"],
    [
      "--trace-shared-prefix-ratio",
      given.traceSharedPrefixRatio,
      synthetic || otherFormat,
      "but on applied_compute_agentic traces",
    ],
    [
      "--trace-num-prefix-groups",
      given.traceNumPrefixGroups,
      synthetic || otherFormat,
      "but on applied_compute_agentic traces",
    ],
    ["--router-config", given.routerConfig, roundRobin, "without --router-mode kv_router"],
    ["--router-policy-config", given.routerPolicyConfig, roundRobin, "without --router-mode kv_router"],
    ["--model-name", given.modelName, roundRobin, "without --router-mode kv_router"],
    [
      "--benchmark-granularity",
      given.benchmarkGranularity,
      given.plannerConfig === undefined && given.policy === undefined,
      "without --planner-config",
    ],
  ];
  return conditions
    .filter(([, value, isIdle]) => value !== undefined && value !== null && isIdle)
    .map(([flag, , , why]) => `${flag} has no effect ${why}`);
}
