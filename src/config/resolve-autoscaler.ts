import type { IntervalTraffic } from "../planner/dynamo/load-forecast.ts";
import type { Planner } from "../planner/planner.ts";
import type { ResultContext } from "../result/build-run-result.ts";
import type { ConfigValue } from "../result/schema.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import type { ProblemList } from "./config-error.ts";
import { contradictingBudgets } from "./planner-config.ts";
import type { PlannerSettings } from "./planner-config.ts";
import type { PolicyChoice, PolicyFlags } from "./policy-choice.ts";

/** The autoscaler's settings before the engines are known. */
export interface AutoscalerSettings {
  /** Parsed `--planner-config`, defaults filled in. */
  readonly planner: PlannerSettings;
  /** The document as given, for provenance; {} when only a policy was given. */
  readonly document: Readonly<Record<string, unknown>>;
  readonly policy: PolicyChoice;
}

/** What an autoscaler is resolved for. */
export interface AutoscaledRun {
  readonly topology: RunConfig["topology"];
  readonly seed: number;
  /** `--benchmark-granularity`. */
  readonly benchmarkGranularity: number;
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
  /** Whether it works towards those bounds, rather than being judged by them. */
  readonly heedsSla: boolean;
  /** Where its page goes. */
  readonly report: PlannerSettings["report"] | null;
}

/**
 * Checks `--planner-config`, `--policy` and `--policy-config`; their code is loaded only when they are given.
 * @param mode what the engine arguments make of the run, where the configuration does not say
 * @returns null without an autoscaler, or after a mistake
 */
export async function autoscalerSettings(
  document: unknown,
  flags: PolicyFlags,
  mode: RunConfig["topology"]["mode"],
  problems: ProblemList,
): Promise<AutoscalerSettings | null> {
  const configured = document !== null && document !== undefined;
  if (!configured && flags.policy === null) {
    if (flags.policyConfig !== null) problems.add("--policy-config", "found without --policy or --planner-config");
    return null;
  }
  const [{ parsePlannerConfig }, { choosePolicy }] = await Promise.all([
    import("./planner-config.ts"),
    import("./policy-choice.ts"),
  ]);
  const planner = parsePlannerConfig(configured ? inMode(document, mode) : { mode }, "--planner-config", problems);
  if (planner === null) return null;
  const policy = await choosePolicy(flags, planner, problems);
  return policy === null ? null : { planner, document: (document ?? {}) as Record<string, unknown>, policy };
}

function inMode(document: unknown, mode: string): unknown {
  const isObject = typeof document === "object" && document !== null && !Array.isArray(document);
  return isObject && !("mode" in document) ? { ...document, mode } : document;
}

/**
 * Makes the autoscaler for the engines it is to scale.
 * @returns null when it does not fit them; why is in `problems`
 */
export async function resolveAutoscaler(
  settings: AutoscalerSettings,
  run: AutoscaledRun,
  problems: ProblemList,
): Promise<ResolvedAutoscaler | null> {
  const { policy } = settings;
  if (policy.kind === "dynamo") return dynamoAutoscaler(settings, run, problems);
  return policy.kind === "module"
    ? moduleAutoscaler(settings, policy, run, problems)
    : builtInAutoscaler(settings, policy, run, problems);
}

async function dynamoAutoscaler(
  settings: AutoscalerSettings,
  { topology, benchmarkGranularity }: AutoscaledRun,
  problems: ProblemList,
): Promise<ResolvedAutoscaler | null> {
  const config = settings.planner;
  const { resolvePlanner } = await import("./resolve-planner.ts");
  const warmUp = await warmUpTraffic(config, problems);
  const passTimes = await nativeTimes(config, topology, problems);
  const surroundings = { topology, warmUp, benchmarkGranularity, passTimes };
  const resolved = resolvePlanner(config, surroundings, "--planner-config", problems);
  if (resolved === null) return null;
  const sla = config.dynamo.optimizationTarget === "sla" ? slaOf(config) : null;
  return { ...resolved, values: valuesOf(settings), sla, heedsSla: true, report: config.report, name: "dynamo" };
}

/** A user's own policy: it is told the bounds, and nothing is known of what it makes of them. */
async function moduleAutoscaler(
  settings: AutoscalerSettings,
  policy: Extract<PolicyChoice, { kind: "module" }>,
  { topology, seed }: AutoscaledRun,
  problems: ProblemList,
): Promise<ResolvedAutoscaler | null> {
  const { planner: config, document } = settings;
  const [{ slaBounds }, { loadPolicy }, { policyPools, replicaLimits }] = await Promise.all([
    import("./resolve-policy.ts"),
    import("./load-policy.ts"),
    import("./policy-context.ts"),
  ]);
  const bounds = slaBounds(config, document, false);
  const context = {
    config: policy.knobs.given,
    pools: policyPools(topology),
    limits: replicaLimits(config),
    sla: bounds,
    seed,
  };
  const planner = await loadPolicy(policy.path, context, policy.where, problems);
  if (planner === null) return null;
  return {
    planner,
    values: valuesOf(settings),
    warnings: contradictingBudgets(config),
    sla: judged(bounds),
    heedsSla: false,
    report: Object.keys(document).length === 0 ? null : config.report,
    name: policy.path,
  };
}

async function builtInAutoscaler(
  settings: AutoscalerSettings,
  policy: Extract<PolicyChoice, { kind: "built-in" }>,
  run: AutoscaledRun,
  problems: ProblemList,
): Promise<ResolvedAutoscaler | null> {
  const { planner: config, document } = settings;
  const { resolvePolicy, slaBounds } = await import("./resolve-policy.ts");
  const resolved = resolvePolicy(policy, config, document, run, problems);
  if (resolved === null) return null;
  const { usesSla } = policy.definition;
  return {
    ...resolved,
    values: { ...valuesOf(settings), ...resolved.values },
    sla: judged(slaBounds(config, document, usesSla)),
    heedsSla: usesSla,
    report: config.report,
    name: policy.name,
  };
}

/** Requests are judged by the bounds a policy was told, whether it heeds them or not; null = by none. */
function judged({ ttftMs, itlMs }: { ttftMs: number | null; itlMs: number | null }): ResultContext["sla"] {
  return ttftMs === null && itlMs === null ? null : { source: "planner", ttftMs, itlMs, e2eMs: null };
}

/** Pass times of `aic_perf_model`; its code is loaded only when it is given. */
async function nativeTimes(config: PlannerSettings, topology: RunConfig["topology"], problems: ProblemList) {
  if (config.aicPerfModel == null || config.dynamo.mode !== topology.mode) return undefined;
  const { nativeEstimates } = await import("./native-estimates.ts");
  return nativeEstimates(config, topology, "--planner-config", problems);
}

/** Traffic of the warm-up trace, in any format a trace may have and of all its files; empty after a mistake. */
async function warmUpTraffic(
  { warmUpTrace, dynamo }: PlannerSettings,
  problems: ProblemList,
): Promise<IntervalTraffic[]> {
  if (warmUpTrace === null) return [];
  try {
    const [{ readOfferedTraffic }, { traceShards }, { intervalsOf }] = await Promise.all([
      import("../trace/offered-traffic.ts"),
      import("./trace-shards.ts"),
      import("../planner/dynamo/warm-up.ts"),
    ]);
    const files = warmUpTrace.startsWith("preset:") ? [warmUpTrace] : traceShards(warmUpTrace);
    return intervalsOf(await readOfferedTraffic(files), dynamo.throughputAdjustmentIntervalSeconds);
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
  if (policy.kind === "dynamo" || (policy.kind === "built-in" && policy.definition.usesDynamoSettings)) {
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
      if (key === "mode" && given === undefined) {
        values[key] = { value, from: "derived", note: "from the engine arguments" };
        continue;
      }
      values[key] =
        given === undefined || given === value
          ? { value, from: given === undefined ? "default" : "given" }
          : { value, from: "derived", note: `given as ${JSON.stringify(given)}` };
    }
  }
  for (const [key, value] of Object.entries(document)) {
    if (values[key] !== undefined || values[aliases[key] ?? ""] !== undefined) continue;
    // The knobs of a built-in policy stand one by one.
    if (key === "policy_config" && policy.kind === "built-in") continue;
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
