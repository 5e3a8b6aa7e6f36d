import type { IntervalTraffic } from "../planner/dynamo/load-forecast.ts";
import type { Planner } from "../planner/planner.ts";
import type { ResultContext } from "../result/build-run-result.ts";
import type { ConfigValue } from "../result/schema.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import type { ProblemList } from "./config-error.ts";
import { loadPolicy, policyPools } from "./load-policy.ts";
import type { PlannerSettings } from "./planner-config.ts";

/** The autoscaler's settings before the engines are known. */
export interface AutoscalerSettings {
  /** Parsed `--planner-config`; null when only a policy module was given. */
  readonly planner: PlannerSettings | null;
  /** The document as given, for provenance. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Module of the user's own policy and the flag that names it. */
  readonly policy: { readonly path: string; readonly where: string } | null;
}

/** The autoscaler of a run. */
export interface ResolvedAutoscaler {
  readonly planner: Planner;
  /** What a result calls it. */
  readonly name: string;
  readonly values: Readonly<Record<string, ConfigValue>>;
  readonly warnings: readonly string[];
  /** Bounds it works towards, when it has any. */
  readonly sla: ResultContext["sla"];
  /** Where its page goes. */
  readonly report: PlannerSettings["report"] | null;
}

/**
 * Checks `--planner-config` and `--policy`; their code is loaded only when they are given.
 * @returns null without an autoscaler, or after a mistake
 */
export async function autoscalerSettings(
  document: unknown,
  policy: string | null,
  problems: ProblemList,
): Promise<AutoscalerSettings | null> {
  const chosen = policy === null ? null : { path: policy, where: "--policy" };
  if (document === null || document === undefined) {
    return chosen === null ? null : { planner: null, document: {}, policy: chosen };
  }
  const { parsePlannerConfig } = await import("./planner-config.ts");
  const planner = parsePlannerConfig(document, "--planner-config", problems);
  if (planner === null) return null;
  const inner = planner.policy === null ? null : { path: planner.policy, where: "--planner-config policy" };
  return { planner, document: document as Record<string, unknown>, policy: chosen ?? inner };
}

/**
 * Makes the autoscaler for the engines it is to scale.
 * @returns null when it does not fit them; why is in `problems`
 */
export async function resolveAutoscaler(
  settings: AutoscalerSettings,
  topology: RunConfig["topology"],
  benchmarkGranularity: number,
  problems: ProblemList,
): Promise<ResolvedAutoscaler | null> {
  const { planner: config, policy } = settings;
  const sla = config === null || config.dynamo.optimizationTarget !== "sla" ? null : slaOf(config);
  const shared = { values: valuesOf(settings), sla, report: config?.report ?? null };
  if (policy !== null) {
    const context = { config: config?.policyConfig ?? {}, pools: policyPools(topology) };
    const planner = await loadPolicy(policy.path, context, policy.where, problems);
    return planner === null ? null : { ...shared, planner, name: policy.path, warnings: [], sla: null };
  }
  const { resolvePlanner } = await import("./resolve-planner.ts");
  const warmUp = await warmUpTraffic(config!, problems);
  const passTimes = await nativeTimes(config!, topology, problems);
  const surroundings = { topology, warmUp, benchmarkGranularity, passTimes };
  const resolved = resolvePlanner(config!, surroundings, "--planner-config", problems);
  return resolved === null ? null : { ...shared, ...resolved, name: "dynamo" };
}

/** Pass times of `aic_perf_model`; its code is loaded only when it is given. */
async function nativeTimes(config: PlannerSettings, topology: RunConfig["topology"], problems: ProblemList) {
  if (config.aicPerfModel == null || config.dynamo.mode !== topology.mode) return undefined;
  const { nativeEstimates } = await import("./native-estimates.ts");
  return nativeEstimates(config, topology, "--planner-config", problems);
}

/** Traffic of the warm-up trace, in any format a trace may have; empty without one or after a mistake. */
async function warmUpTraffic(
  { warmUpTrace, dynamo }: PlannerSettings,
  problems: ProblemList,
): Promise<IntervalTraffic[]> {
  if (warmUpTrace === null) return [];
  try {
    const [{ openTrace }, { intervalsOf }] = await Promise.all([
      import("../trace/open-trace.ts"),
      import("../planner/dynamo/warm-up.ts"),
    ]);
    return intervalsOf(await openTrace(warmUpTrace), dynamo.throughputAdjustmentIntervalSeconds);
  } catch (error) {
    problems.add("--planner-config load_predictor_warmup_trace", (error as Error).message);
    return [];
  }
}

function slaOf({ dynamo }: PlannerSettings): ResultContext["sla"] {
  return { source: "planner", ttftMs: dynamo.ttftMs, itlMs: dynamo.itlMs, e2eMs: null };
}

/** Settings the planner reads, then whatever else was given. */
function valuesOf({ planner, document, policy }: AutoscalerSettings): Record<string, ConfigValue> {
  const values: Record<string, ConfigValue> = {};
  if (planner !== null && policy === null) {
    const { predictor, ...flat } = planner.dynamo;
    const { name, log1p, kalmanQLevel, kalmanQTrend, kalmanR, prophetWindowSize } = predictor;
    const forecast = {
      loadPredictor: name,
      loadPredictorLog1p: log1p,
      kalmanQLevel,
      kalmanQTrend,
      kalmanR,
      prophetWindowSize,
    };
    const effective = { ...flat, ...forecast };
    for (const [field, value] of Object.entries(effective)) {
      const key = fieldNames[field] ?? snakeCase(field);
      const older = key.replace(/_seconds$|_ms$/, "");
      const given = document[key] ?? document[older];
      values[key] =
        given === undefined || given === value
          ? { value, from: given === undefined ? "default" : "given" }
          : { value, from: "derived", note: `given as ${JSON.stringify(given)}` };
    }
  }
  for (const [key, value] of Object.entries(document)) {
    if (values[key] !== undefined || values[aliases[key] ?? ""] !== undefined) continue;
    values[key] = { value: value as ConfigValue["value"], from: "given" };
  }
  return values;
}

/** Fields whose names in the configuration are not their own in snake case. */
const fieldNames: Readonly<Record<string, string>> = {
  maxFpmSamples: "max_num_fpm_samples",
  fpmSampleBuckets: "fpm_sample_bucket_size",
  scaleIntervalSeconds: "scale_interval_seconds",
};

/** Older names and what they are called now. */
const aliases: Readonly<Record<string, string>> = {
  ttft: "ttft_ms",
  itl: "itl_ms",
  throughput_adjustment_interval: "throughput_adjustment_interval_seconds",
  load_adjustment_interval: "load_adjustment_interval_seconds",
};

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
