import * as z from "zod/mini";
import { choice, orNull, realNumber, text, truth, wholeNumber } from "./fields.ts";
import { livePlannerFields, pluginRegistration, scheduling } from "./planner-live-schema.ts";

/**
 * The planner configuration as the live planner takes it (planner-reference §1), plus `policy` and `policy_config`. Only
 * what a value alone can tell is checked here; rules between fields and defaults are in planner-config.ts.
 */

const pickShape = {
  tp: z.optional(wholeNumber({ min: 1 }, "Tensor parallel size.")),
  pp: z.optional(wholeNumber({ min: 1 }, "Pipeline parallel size.")),
  dp: z.optional(wholeNumber({ min: 1 }, "Attention data-parallel size.")),
  moe_tp: z.optional(wholeNumber({ min: 1 }, "Tensor parallel size of the experts.")),
  moe_ep: z.optional(wholeNumber({ min: 1 }, "Expert parallel size.")),
};
const pick = z.strictObject(pickShape);

const backend = choice(["trtllm", "vllm", "sglang"], "Backend whose tables are used.");
const optionalText = (description: string) => z.optional(orNull(text(description)));

const aicPerfModel = z.strictObject({
  hf_id: text("Hugging Face id of the model."),
  system: text("GPU, AIConfigurator's name: h200_sxm, …"),
  backend,
  backend_version: optionalText("Version of the backend the tables were measured with."),
  prefill_pick: z.optional(orNull(pick)),
  decode_pick: z.optional(orNull(pick)),
  model_arch: optionalText("Architecture name."),
  weight_dtype: optionalText("Quantisation of weights."),
  moe_dtype: optionalText("Quantisation of experts."),
  activation_dtype: optionalText("Type of activations."),
  kv_cache_dtype: optionalText("Type of the key-value cache."),
});

const positiveTokens = (description: string) => wholeNumber({ min: 1 }, description);
const aicInterpolation = z.strictObject({
  hf_id: text("Hugging Face id of the model."),
  system: text("GPU, AIConfigurator's name."),
  backend,
  isl: positiveTokens("Prompt tokens."),
  osl: positiveTokens("Output tokens."),
  sweep_max_context_length: positiveTokens("Longest context of the sweep."),
  prefill_interpolation_granularity: positiveTokens("Points of the prefill sweep."),
  decode_interpolation_granularity: positiveTokens("Points of the decode sweep."),
  prefill_pick: pick,
  decode_pick: pick,
});

const seconds = (description: string) => wholeNumber({ min: 1 }, description);
const latency = (description: string) => realNumber({ above: 0 }, description);
const share = (description: string) => orNull(realNumber({ min: 0, max: 100 }, description));
const queue = (description: string) => orNull(wholeNumber({ min: 0 }, description));
const anyWhole = (description: string) => wholeNumber({}, description);

const shape = {
  mode: choice(["disagg", "prefill", "decode", "agg"], "Topology; a replay simulates agg and disagg."),
  optimization_target: choice(
    ["throughput", "latency", "load", "sla"],
    "What is optimised: sla keeps ttft_ms and itl_ms by forecasts and learned pass times; the others look at queues and cache use.",
  ),
  enable_throughput_scaling: truth("Forecast traffic and size pools for it; only with optimization_target sla."),
  enable_load_scaling: truth("React to the engines' load; always on with targets other than sla."),
  throughput_adjustment_interval_seconds: wholeNumber({ min: 0 }, "Seconds between forecasts."),
  throughput_adjustment_interval: wholeNumber({ min: 0 }, "Older name of throughput_adjustment_interval_seconds."),
  load_adjustment_interval_seconds: seconds("Seconds between load decisions, and between lessons in pass times."),
  load_adjustment_interval: seconds("Older name of load_adjustment_interval_seconds."),
  ttft_ms: latency("Time to first token to keep, ms."),
  ttft: latency("Older name of ttft_ms."),
  itl_ms: latency("Inter-token latency to keep, ms."),
  itl: latency("Older name of itl_ms."),
  min_endpoint: wholeNumber({ min: 0 }, "Least replicas of a pool."),
  max_gpu_budget: anyWhole("Most GPUs of all pools; negative = no bound."),
  min_gpu_budget: anyWhole("Least GPUs of all pools; negative = no bound."),
  prefill_engine_num_gpu: orNull(
    wholeNumber({ min: 1 }, "GPUs of a prefill worker; the engine arguments' when unset."),
  ),
  decode_engine_num_gpu: orNull(
    wholeNumber({ min: 1 }, "GPUs of a decode or aggregated worker; the engine arguments' when unset."),
  ),
  load_predictor: choice(["constant", "arima", "kalman", "prophet"], "Forecast of requests and lengths."),
  load_predictor_log1p: truth("Forecast log(1 + value) rather than the value."),
  prophet_window_size: wholeNumber({ min: 1 }, "Intervals prophet looks back on."),
  kalman_q_level: realNumber({ min: 0 }, "Kalman: noise of the level."),
  kalman_q_trend: realNumber({ min: 0 }, "Kalman: noise of the trend."),
  kalman_r: realNumber({ min: 0 }, "Kalman: noise of a measurement."),
  kalman_min_points: wholeNumber({ min: 0 }, "Not used by the reference either."),
  load_predictor_warmup_trace: orNull(text("Trace whose traffic the predictors see before the run.")),
  load_scaling_down_sensitivity: wholeNumber(
    { min: 0, max: 100 },
    "Percent of the SLA that may be used up after a scale-down; 0 = never scale down.",
  ),
  load_min_observations: wholeNumber({ min: 1 }, "Passes of a kind seen before their time is estimated."),
  max_num_fpm_samples: wholeNumber({ min: 1 }, "Passes of a kind remembered."),
  fpm_sample_bucket_size: wholeNumber({ min: 1 }, "Bins the remembered passes are spread over; a perfect square."),
  prefill_scale_up_queue_tokens: queue("Target load: queued prompt tokens of an engine that add a prefill replica."),
  prefill_scale_down_queue_tokens: queue("Target load: queued prompt tokens up to which one may go."),
  decode_scale_up_kv_rate: share("Target load: percent of the cache in use that adds a replica."),
  decode_scale_down_kv_rate: share("Target load: percent of the cache in use up to which one may go."),
  speculative_nextn: wholeNumber({ min: 0 }, "Draft tokens a step when the engine arguments do not say."),
  bootstrap: choice(
    ["reference", "physical"],
    "Pass times known before the first tick: the reference's sweep of modelled GPU times, or one of the engine's own times with mixed passes, and estimates never below the shortest pass.",
  ),
  aic_perf_model: orNull(aicPerfModel),
  aic_interpolation: orNull(aicInterpolation),
  pre_deployment_sweeping_mode: orNull(
    choice(["none", "rapid", "thorough"], "Live deployments only; a replay starts from the engine arguments' timing."),
  ),
  report_interval_hours: orNull(realNumber({ above: 0 }, "Turns the page on; null = no page.")),
  report_output_dir: text("Folder of the page."),
  report_filename: orNull(text("File name of the page.")),
  report_write_gzip_log: truth("Write the tick log beside the page."),
  policy: orNull(text("Policy that replaces the Dynamo planner: a built-in one's name, or the path of a module.")),
  policy_config: orNull(z.record(z.string(), z.unknown(), "expected an object")),
  scheduling,
  plugin_registration: pluginRegistration,
  ...livePlannerFields,
};

type Optional<Shape extends Record<string, z.ZodMiniType>> = {
  [Key in keyof Shape]: z.ZodMiniOptional<Shape[Key]>;
};

function optional<Shape extends Record<string, z.ZodMiniType>>(fields: Shape): Optional<Shape> {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [key, z.optional(field)])) as Optional<Shape>;
}

/** Schema of `--planner-config`; also what `windtunnel schema planner` prints. */
export const plannerConfigSchema = z.strictObject(optional(shape), "expected an object");

/** A planner configuration as given. */
export type GivenPlannerConfig = z.infer<typeof plannerConfigSchema>;
