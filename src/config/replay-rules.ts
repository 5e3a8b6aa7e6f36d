import type { ProblemList } from "./config-error.ts";
import type { ReplayOptions, ReplayValues } from "./replay-options.ts";
import { traceSpecs } from "./workload-spec.ts";

/** Rules between the options of a replay (engine-reference §1). Values are validated one by one before. */
export function checkReplayRules(values: ReplayValues, given: ReplayOptions, problems: ProblemList): void {
  checkWorkload(values, given, problems);
  checkTopology(values, problems);
  checkEstimator(values, given, problems);
  if (values.replayMode === "online") {
    problems.add("--replay-mode", 'found "online", expected "offline": windtunnel runs on a virtual clock only');
  }
}

function checkWorkload(values: ReplayValues, given: ReplayOptions, problems: ProblemList): void {
  const traces = traceSpecs(values.trace);
  const sizes = {
    "--input-tokens": given.inputTokens,
    "--output-tokens": given.outputTokens,
    "--request-count": given.requestCount,
  };
  const missing = Object.entries(sizes).filter(([, value]) => value === undefined);
  const shaped = (
    [
      ["--turns-per-session", values.turnsPerSession !== 1 && given.turnsPerSession !== undefined],
      ["--shared-prefix-ratio", given.sharedPrefixRatio !== undefined && given.sharedPrefixRatio !== 0],
      ["--num-prefix-groups", given.numPrefixGroups !== undefined && given.numPrefixGroups !== 0],
      ["--cumulative-prompts", given.cumulativePrompts === true],
      ["--inter-turn-delay-ms", given.interTurnDelayMs !== undefined && given.interTurnDelayMs !== 0],
    ] as const
  ).filter(([, asked]) => asked);
  const synthetic = missing.length < 3 || shaped.length > 0;

  if (traces.length === 0 && !synthetic) {
    problems.add(
      "",
      "nothing to replay: give a trace (a path, preset:NAME, or - for standard input), or --input-tokens, --output-tokens and --request-count",
    );
    return;
  }
  if (traces.length > 0 && synthetic) {
    const flags = [...Object.entries(sizes).filter(([, value]) => value !== undefined), ...shaped].map(
      ([flag]) => flag,
    );
    problems.add(
      "",
      `found both a trace (${traces.join(", ")}) and a synthetic workload (${flags.join(", ")}); give one of them`,
    );
    return;
  }
  if (synthetic)
    checkSynthetic(
      values,
      given,
      missing.map(([flag]) => flag),
      problems,
    );
  else checkTrace(values, given, traces, problems);
}

function checkSynthetic(values: ReplayValues, given: ReplayOptions, missing: string[], problems: ProblemList): void {
  if (missing.length > 0) problems.add("", `a synthetic workload also needs ${missing.join(" and ")}`);
  const drivers = {
    "--replay-concurrency": given.replayConcurrency,
    "--request-rate": given.requestRate,
    "--arrival-interval-ms": given.arrivalIntervalMs,
  };
  const used = Object.entries(drivers).filter(([, value]) => value !== undefined);
  if (used.length !== 1) {
    const found = used.length === 0 ? "none" : used.map(([flag]) => flag).join(" and ");
    problems.add("", `a synthetic workload needs exactly one of ${Object.keys(drivers).join(", ")}; found ${found}`);
  }
  if (given.burstiness !== undefined && given.burstiness !== 1 && given.requestRate === undefined) {
    problems.add(
      "--burstiness",
      `found ${given.burstiness}, but it shapes the gaps of --request-rate, which is not given`,
    );
  }
  for (const [flag, value] of [
    ["--trace-columns", given.traceColumns],
    ["--trace-time-format", given.traceTimeFormat],
  ] as const) {
    if (value !== undefined) problems.add(flag, `found ${value}, but no trace file is given`);
  }
  if (values.traceFormat === "dynamo") problems.add("--trace-format", 'found "dynamo", but no trace file is given');
}

function checkTrace(
  values: ReplayValues,
  given: ReplayOptions,
  traces: readonly string[],
  problems: ProblemList,
): void {
  if (traces.length > 1 && !["dynamo", "log", "auto"].includes(values.traceFormat ?? "auto")) {
    problems.add(
      "--trace-format",
      `found ${traces.length} trace files, but "${values.traceFormat}" takes one; only "dynamo" and "log" take several`,
    );
  }
  for (const [flag, value] of [
    ["--request-rate", given.requestRate],
    ["--arrival-interval-ms", given.arrivalIntervalMs],
    ["--burstiness", given.burstiness === 1 ? undefined : given.burstiness],
  ] as const) {
    if (value !== undefined)
      problems.add(flag, `found ${value}, but a trace brings its own arrivals; it is for synthetic workloads`);
  }
  if (values.traceFormat === "applied_compute_agentic" && values.replayConcurrency === null) {
    problems.add(
      "--trace-format",
      '"applied_compute_agentic" needs --replay-concurrency: its rows have no arrival times',
    );
  }
}

function checkTopology(values: ReplayValues, problems: ProblemList): void {
  const { extraEngineArgs, prefillEngineArgs, decodeEngineArgs } = values;
  const disaggregated = prefillEngineArgs !== null || decodeEngineArgs !== null;
  if (!disaggregated) return;
  if (extraEngineArgs !== null) {
    problems.add(
      "--extra-engine-args",
      "is for aggregated runs, --prefill-engine-args and --decode-engine-args are for disaggregated ones; give one or the other",
    );
  }
  if (prefillEngineArgs === null) problems.add("--prefill-engine-args", "is missing; --decode-engine-args needs it");
  if (decodeEngineArgs === null) problems.add("--decode-engine-args", "is missing; --prefill-engine-args needs it");
}

/** The `--aic-*` flags describe the router's estimator, which needs all of three to be built. */
function checkEstimator(values: ReplayValues, given: ReplayOptions, problems: ProblemList): void {
  const asked = Object.entries(given).some(
    ([key, value]) => key.startsWith("aic") && value !== undefined && !(key.endsWith("Dtype") && value === "auto"),
  );
  if (!asked) return;
  const needed = {
    "--aic-backend": values.aicBackend,
    "--aic-system": values.aicSystem,
    "--aic-model-path": values.aicModelPath,
  };
  const missing = Object.entries(needed)
    .filter(([, value]) => value === null)
    .map(([flag]) => flag);
  if (missing.length > 0)
    problems.add("", `the router's load estimator (--aic-… flags) also needs ${missing.join(" and ")}`);
}
