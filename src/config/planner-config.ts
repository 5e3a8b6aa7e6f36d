import type { DynamoPlannerConfig, PlannerCapabilities } from "../planner/dynamo/planner-config.ts";
import type { ProblemList } from "./config-error.ts";
import { DEFAULT_MAX_GPU_BUDGET, tooSmallBudget } from "./gpu-budget.ts";
import { livePlannerFields } from "./planner-live-schema.ts";
import { checkPlannerAliases, checkPlannerRules, scaleInterval } from "./planner-rules.ts";
import { plannerConfigSchema } from "./planner-schema.ts";
import type { GivenPlannerConfig } from "./planner-schema.ts";
import { validate } from "./validate.ts";

/** A planner configuration, checked, defaults filled in. */
export interface PlannerSettings {
  readonly dynamo: DynamoPlannerConfig;
  /** Name of a built-in policy or path of the user's own module; null = the Dynamo planner. */
  readonly policy: string | null;
  /** Knobs of that policy. */
  readonly policyConfig: Readonly<Record<string, unknown>>;
  /** Path of the trace the predictors see first; null = none. Only set where a forecast is made. */
  readonly warmUpTrace: string | null;
  /** GPUs of a worker as the configuration has them; null = unset. */
  readonly engineGpus: { readonly prefill: number | null; readonly decode: number | null };
  /** Pass times to start from in place of learned ones. */
  readonly aicPerfModel: GivenPlannerConfig["aic_perf_model"] | null;
  readonly report: {
    /** Whether a page is wanted. */
    readonly enabled: boolean;
    readonly outputDir: string;
    readonly filename: string | null;
    readonly writeGzipLog: boolean;
  };
  /** Settings given that have no effect, one sentence each; for stderr and the result. */
  readonly notes: readonly string[];
}

/**
 * Checks the value of `--planner-config` (already read from JSON or YAML). Every mistake goes to `problems`, with its
 * JSON path, what was found, what is allowed and the nearest name.
 * @param where the flag it came from
 * @returns null when there were mistakes
 */
export function parsePlannerConfig(value: unknown, where: string, problems: ProblemList): PlannerSettings | null {
  const before = problems.problems.length;
  const given = validate(plannerConfigSchema, value, where, problems);
  // Rules between fields are checked on whatever fields are sound, so that one run shows every mistake.
  const sound = given ?? soundPart(value);
  checkPlannerAliases(value, where, problems);
  checkPlannerRules(sound, where, problems);
  if (given === null || problems.problems.length > before) return null;
  return settingsOf(given);
}

/** The top-level fields of a refused value that are valid by themselves. */
function soundPart(value: unknown): GivenPlannerConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const { shape } = plannerConfigSchema.def;
  const sound = Object.entries(value).filter(
    ([key, field]) => key in shape && shape[key as keyof typeof shape].safeParse(field).success,
  );
  return Object.fromEntries(sound) as GivenPlannerConfig;
}

function settingsOf(given: GivenPlannerConfig): PlannerSettings {
  const optimizationTarget = given.optimization_target ?? "throughput";
  const sla = optimizationTarget === "sla";
  const throughputSeconds = given.throughput_adjustment_interval_seconds ?? given.throughput_adjustment_interval ?? 180;
  const enableThroughputScaling = sla && (given.enable_throughput_scaling ?? true);
  const dynamo: DynamoPlannerConfig = {
    mode: given.mode === "agg" ? "agg" : "disagg",
    optimizationTarget,
    enableThroughputScaling,
    enableLoadScaling: !sla || (given.enable_load_scaling ?? false),
    throughputAdjustmentIntervalSeconds: throughputSeconds,
    loadAdjustmentIntervalSeconds: given.load_adjustment_interval_seconds ?? given.load_adjustment_interval ?? 5,
    scaleIntervalSeconds: scaleInterval(given),
    ttftMs: given.ttft_ms ?? given.ttft ?? 500,
    itlMs: given.itl_ms ?? given.itl ?? 50,
    minEndpoint: given.min_endpoint ?? 1,
    maxGpuBudget: given.max_gpu_budget ?? DEFAULT_MAX_GPU_BUDGET,
    minGpuBudget: given.min_gpu_budget ?? -1,
    predictor: {
      name: given.load_predictor ?? "arima",
      log1p: given.load_predictor_log1p ?? false,
      kalmanQLevel: given.kalman_q_level ?? 1,
      kalmanQTrend: given.kalman_q_trend ?? 0.1,
      kalmanR: given.kalman_r ?? 10,
      prophetWindowSize: given.prophet_window_size ?? 50,
    },
    loadScalingDownSensitivity: given.load_scaling_down_sensitivity ?? 80,
    loadMinObservations: given.load_min_observations ?? 5,
    maxFpmSamples: given.max_num_fpm_samples ?? 64,
    fpmSampleBuckets: given.fpm_sample_bucket_size ?? 16,
    prefillScaleUpQueueTokens: given.prefill_scale_up_queue_tokens ?? null,
    prefillScaleDownQueueTokens: given.prefill_scale_down_queue_tokens ?? null,
    decodeScaleUpKvRate: given.decode_scale_up_kv_rate ?? null,
    decodeScaleDownKvRate: given.decode_scale_down_kv_rate ?? null,
    speculativeNextn: given.speculative_nextn ?? 0,
    bootstrap: given.bootstrap ?? "reference",
  };
  return {
    dynamo,
    policy: given.policy ?? null,
    policyConfig: given.policy_config ?? {},
    warmUpTrace: enableThroughputScaling ? (given.load_predictor_warmup_trace ?? null) : null,
    engineGpus: { prefill: given.prefill_engine_num_gpu ?? null, decode: given.decode_engine_num_gpu ?? null },
    aicPerfModel: given.aic_perf_model ?? null,
    report: {
      enabled: given.report_interval_hours !== null,
      outputDir: given.report_output_dir ?? "./planner_reports",
      filename: given.report_filename ?? null,
      writeGzipLog: given.report_write_gzip_log ?? true,
    },
    notes: notesOn(given),
  };
}

/** Which given settings have no effect on this run, and why. */
function notesOn(given: GivenPlannerConfig): string[] {
  const notes: string[] = [];
  const live = [
    ...Object.keys(livePlannerFields),
    "plugin_registration",
    "aic_interpolation",
    "kalman_min_points",
    ...(given.load_predictor === "prophet" ? [] : ["prophet_window_size"]),
  ];
  const unused = live.filter((key) => given[key as keyof GivenPlannerConfig] !== undefined);
  if (unused.length > 0) notes.push(`without effect on a replay: ${unused.join(", ")}`);
  const plugins = given.scheduling?.external_plugins ?? [];
  if (plugins.length > 0 || (given.plugin_registration?.in_process_plugins ?? []).length > 0) {
    notes.push("plug-ins of the live planner are not run; a policy module takes their place");
  }
  const target = given.optimization_target ?? "throughput";
  if (target !== "sla") {
    const ignored = (
      ["ttft_ms", "ttft", "itl_ms", "itl", "load_predictor_warmup_trace", "aic_perf_model", "bootstrap"] as const
    ).filter((key) => given[key] !== undefined && given[key] !== null);
    if (ignored.length > 0) {
      notes.push(`optimization_target "${target}" looks at queues and cache use only; ignored: ${ignored.join(", ")}`);
    }
    if (given.enable_throughput_scaling === true || given.enable_load_scaling === false) {
      notes.push(`optimization_target "${target}" turns load scaling on and throughput scaling off`);
    }
  } else if (given.load_predictor_warmup_trace && given.enable_throughput_scaling === false) {
    notes.push("load_predictor_warmup_trace is only used with throughput scaling");
  }
  return notes;
}

/** Says where the two GPU budgets contradict each other, as the reference lets them. */
export function contradictingBudgets({ dynamo }: PlannerSettings): string[] {
  const { minGpuBudget: least, maxGpuBudget: most } = dynamo;
  if (least < 0 || most < 0 || least <= most) return [];
  return [`min_gpu_budget is ${least}, but max_gpu_budget is ${most}: no number of replicas keeps both`];
}

/**
 * Compares a planner with the engines it is to scale.
 * @returns warnings: a budget that cannot hold the least replicas (the reference takes it), GPU counts that contradict the engines'
 */
export function contradictionsWithEngines(settings: PlannerSettings, engines: PlannerCapabilities): string[] {
  const { dynamo, engineGpus } = settings;
  const pools: ReadonlyArray<readonly [key: "prefill" | "decode", gpus: number]> = [
    ...(engines.prefill === null ? [] : [["prefill", engines.prefill.gpusPerWorker] as const]),
    ["decode", engines.decode.gpusPerWorker],
  ];
  const warnings = contradictingBudgets(settings);
  const gpusOfPools = pools.map(([, gpus]) => gpus);
  const tooSmall = tooSmallBudget(dynamo.maxGpuBudget, dynamo.minEndpoint, gpusOfPools);
  if (tooSmall !== null) {
    const { least, needs } = tooSmall;
    warnings.push(
      `max_gpu_budget is ${dynamo.maxGpuBudget}, but ${needs} need ${least}: any decision to scale becomes 0 replicas`,
    );
  }
  for (const [key, gpus] of pools) {
    const configured = engineGpus[key];
    if (configured === null || configured === gpus) continue;
    warnings.push(
      `${key}_engine_num_gpu is ${configured}, but the engine arguments make a worker of ${gpus} GPU(s) (tensor parallel size × dp_size); ${gpus} is used everywhere`,
    );
  }
  return warnings;
}
