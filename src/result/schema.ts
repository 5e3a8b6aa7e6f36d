import * as z from "zod/mini";
import { disruptions, detailShape } from "./schema-detail.ts";

/**
 * The version of the result format. A reader accepts every version up to its own; a field is only ever added, or the
 * number goes up.
 */
export const RESULT_SCHEMA_VERSION = 1;

const number = (description: string) => z.number().check(z.describe(description));
const count = (description: string) => z.int().check(z.gte(0)).check(z.describe(description));

/** The nine statistics of a latency metric, in the reference's key order. */
export const statisticNames = ["mean", "min", "max", "median", "p75", "p90", "p95", "p99", "std"] as const;
/** One of `statisticNames`. */
export type StatisticName = (typeof statisticNames)[number];

/** Metrics with nine flat keys each (`mean_ttft_ms`, `p99_itl_ms`, …), as the reference names them. */
export const flatMetrics = {
  ttft_ms: "time to first token: first token − arrival, ms",
  ttst_ms: "time to second token: second − first token, ms",
  tpot_ms: "time per output token of a request: (last − first token) / (output tokens − 1), ms",
  itl_ms: "inter-token latency: every gap between two consecutive tokens of every request, pooled, ms",
  e2e_latency_ms: "request latency: last token − arrival, ms",
  output_token_throughput_per_user: "1000 / gap of every pooled gap above 0, tokens/s",
} as const;
/** A key of `flatMetrics`. */
export type FlatMetric = keyof typeof flatMetrics;

const statisticText: Record<StatisticName, string> = {
  mean: "Mean",
  min: "Smallest",
  max: "Largest",
  median: "Median",
  p75: "75th percentile",
  p90: "90th percentile",
  p95: "95th percentile",
  p99: "99th percentile",
  std: "Population standard deviation",
};

type FlatKey = `${StatisticName}_${FlatMetric}`;
const flatShape = Object.fromEntries(
  Object.entries(flatMetrics).flatMap(([metric, meaning]) =>
    statisticNames.map((name) => [`${name}_${metric}`, number(`${statisticText[name]} of the ${meaning}.`)]),
  ),
) as Record<FlatKey, z.ZodMiniNumber>;

/** Nine statistics of one quantity; all 0 when nothing was measured. Percentiles are nearest rank, std is of the population. */
const statisticsSchema = z.strictObject({
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  median: z.number(),
  p75: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  std: z.number(),
});

/** What the cache tiers below GPU memory did. */
const kvTiersSchema = z
  .strictObject({
    host_hit_tokens: count("Prompt tokens brought back from host memory."),
    disk_hit_tokens: count("Prompt tokens brought back from disk."),
    object_hit_tokens: count("Prompt tokens brought back from the object store."),
    onboardings: count("Times a request waited for blocks to be brought back."),
    mean_onboarding_ms: number("How long that took on average, ms."),
    offloaded_blocks: count("Evicted blocks copied to host memory."),
    dropped_blocks: count("Evicted blocks that found no room in host memory."),
    disk_writes: count("Blocks copied on to disk."),
    object_writes: count("Blocks copied on to the object store."),
    host_evictions: count("Blocks dropped from host memory to make room."),
    disk_evictions: count("Blocks dropped from disk to make room."),
    stall_ms: number("Time passes waited for evicted blocks to be copied out, summed over ranks, ms."),
  })
  .check(z.describe("Cache tiers below GPU memory. Only where they are configured."));

const configValue = z
  .strictObject({
    value: z.json(),
    from: z.enum(["given", "default", "derived"]),
    note: z.optional(z.string()).check(z.describe("How a derived value came about, or what a given one does not do.")),
  })
  .check(z.describe("One resolved setting and where its value came from."));

/** What one simulation run found out. Every report draws only from it. */
export const runResultSchema = z
  .strictObject({
    schema_version: z.literal(RESULT_SCHEMA_VERSION).check(z.describe("Version of this format.")),
    windtunnel_version: z.string().check(z.describe("Version of the program that ran.")),
    digest: z
      .string()
      .check(
        z.describe(
          "SHA-256 (hex) of the deterministic content: everything except this key, windtunnel_version, trace.name, wall_time_ms, " +
            "processed_tokens_per_s and processed_output_tokens_per_s, as JSON with sorted keys and no white space.",
        ),
      ),
    semantics: z
      .enum(["dynamo-1.4", "current"])
      .check(z.describe("Engine rules the run followed (docs/deviations.md).")),
    engine: z
      .enum(["aggregated", "pass-by-pass"])
      .check(z.describe("Engine implementation that ran; both give the same numbers.")),
    mode: z.enum(["agg", "disagg"]).check(z.describe("One pool for prefill and decode, or one for each.")),
    trace: z
      .strictObject({
        name: z.string().check(z.describe("File, preset or what else it was read from.")),
        requests: count("Requests of the trace; more than num_requests when the run ended early."),
        notes: z.array(z.string()).check(z.describe("What the reader assumed, dropped or changed.")),
      })
      .check(z.describe("What was replayed.")),
    config: z
      .record(z.string(), configValue)
      .check(
        z.describe(
          "Resolved configuration by dotted path (run.num_workers, engine.block_size, prefill.…, decode.…, planner.…).",
        ),
      ),
    warnings: z.array(z.string()).check(z.describe("Settings without effect and contradictions.")),

    num_requests: count("Requests offered to the system."),
    completed_requests: count("Requests that got all their tokens."),
    rejected_requests: count("Requests refused because they can never run with this configuration."),
    failed_requests: count(
      "Requests admitted or queued that could not be finished, cancelled and timed-out ones included.",
    ),
    incomplete_requests: count("Requests offered and still in the system when the run ended."),
    failure_reasons: z
      .record(z.string(), z.int().check(z.gte(0)))
      .check(z.describe("Rejected and failed requests by reason.")),
    disruptions: z.optional(disruptions),
    ended_early: z
      .nullable(z.strictObject({ kind: z.enum(["max_sim_time", "interrupted", "planner_error"]), message: z.string() }))
      .check(z.describe("Why the run ended before its last request did.")),

    total_input_tokens: count("Prompt tokens of completed requests."),
    total_output_tokens: count("Output tokens of completed requests."),
    committed_prefill_tokens: count(
      "Tokens computed for prompts in all passes: what the prefix cache did not save, and what preemptions repeated.",
    ),
    num_ttft_samples: count("Completed requests with a first token."),
    num_tpot_samples: count("Completed requests with a second token."),
    num_e2e_latency_samples: count("Completed requests with a last token."),
    duration_ms: number("Simulated time at which the last request completed, ms."),
    request_throughput_rps: number("Completed requests per simulated second."),
    input_throughput_tok_s: number("Prompt tokens of completed requests per simulated second."),
    output_throughput_tok_s: number("Output tokens of completed requests per simulated second."),
    total_throughput_tok_s: number("Input and output tokens per simulated second."),
    prefix_cache_reused_ratio: number(
      "Reused / input tokens of completed requests; the largest reuse over re-admissions counts.",
    ),
    first_admission_prefix_cache_reused_ratio: number("The same with the reuse at the first admission."),
    kv_tiers: z.optional(kvTiersSchema),
    ...flatShape,

    aiperf_itl_ms: statisticsSchema.check(
      z.describe("AIPerf's inter-token latency: one value a request, (e2e − ttft) / (output tokens − 1), ms."),
    ),
    aiperf_output_token_throughput_per_user: statisticsSchema.check(
      z.describe("AIPerf's: 1000 / that value of each request, tokens/s."),
    ),

    goodput_completed_requests: z.optional(
      count("Completed requests within every given SLA bound. Only with an --sla- flag."),
    ),
    goodput_request_throughput_rps: z.optional(number("Those per simulated second. Only with an --sla- flag.")),
    goodput_output_throughput_tok_s: z.optional(
      number("Their output tokens per simulated second. Only with an --sla- flag."),
    ),
    sla: z
      .nullable(
        z.strictObject({
          source: z
            .enum(["flags", "planner"])
            .check(z.describe("Where the bounds come from: --sla- flags, else the planner's targets.")),
          ttft_ms: z.nullable(z.number()).check(z.describe("Bound on the time to first token, ms.")),
          itl_ms: z.nullable(z.number()).check(z.describe("Bound on a request's own mean gap (aiperf_itl_ms).")),
          e2e_ms: z.nullable(z.number()).check(z.describe("Bound on a request's latency, ms.")),
          attainment: z
            .strictObject({
              ttft: z.nullable(z.number()),
              itl: z.nullable(z.number()),
              e2e: z.nullable(z.number()),
              all: z.number().check(z.describe("All bounds at once.")),
            })
            .check(
              z.describe(
                "Share (0..1) of the requests that left the system and met the bound; rejected and failed ones did not. null = no bound.",
              ),
            ),
        }),
      )
      .check(z.describe("Latency bounds and the share of requests that met them; null without bounds.")),

    prefill_worker_seconds: number(
      "Simulated seconds prefill workers existed, starting and draining included; 0 in aggregated runs.",
    ),
    decode_worker_seconds: number("The same for decode workers; aggregated workers are counted here."),
    prefill_gpus_per_worker: count("GPUs of a prefill worker; 0 in aggregated runs."),
    decode_gpus_per_worker: count("GPUs of a decode or aggregated worker."),
    gpu_hours: number("GPU-hours of all workers: worker seconds × GPUs / 3600."),
    gpu_cost: z.optional(number("gpu_hours × --gpu-price, in the currency of that. Only with --gpu-price.")),
    gpu_cost_per_million_output_tokens: z.optional(
      number("gpu_cost over total_output_tokens, × 1,000,000. Only with --gpu-price, and where there were any."),
    ),

    wall_time_ms: number("Time the simulation took, ms. Not in the digest."),
    processed_tokens: count("total_input_tokens + total_output_tokens."),
    processed_tokens_per_s: number("Those per second of wall time. Not in the digest."),
    processed_output_tokens_per_s: number("Output tokens per second of wall time. Not in the digest."),
    ...detailShape,
  })
  .register(z.globalRegistry, { title: "windtunnel run result" });

/** What one simulation run found out; `windtunnel schema result` documents every field. */
export type RunResult = z.infer<typeof runResultSchema>;
/** Nine statistics of one quantity. */
export type Statistics = z.infer<typeof statisticsSchema>;
/** One resolved setting and where its value came from. */
export type ConfigValue = z.infer<typeof configValue>;
