import { z } from "zod";

/** The sections of a result that pages draw from: planner, workers, timeline, distributions, single requests. */

const pool = z.enum(["agg", "prefill", "decode"]);
const series = z.array(z.number().nullable());
const counts = z.array(z.number());

const scalingEvent = z
  .looseObject({
    t_s: z.number().describe("Simulated seconds."),
    pool,
    from: z.int().describe("Non-draining replicas before."),
    to: z.int().describe("Non-draining replicas after."),
    kind: z.enum(["scale_up", "scale_down"]),
    reason: z.string(),
  })
  .describe("One change of a pool's wanted size; further keys are estimated and observed values of the policy.");

const engineSamples = z
  .strictObject({
    worker: z.array(z.int()),
    rank: z.array(z.int()),
    running: z.array(z.int()).describe("Requests scheduled in the pass."),
    waiting: z.array(z.int()).describe("Requests waiting at its start."),
    kv_blocks: z.array(z.int()).describe("Key-value blocks referenced; 0 when idle."),
  })
  .describe("The last pass each rank of a ready worker published since the tick before, in columns.");

const plannerTick = z.strictObject({
  t_s: z.number().describe("Simulated seconds."),
  pools: z.partialRecord(
    pool,
    z.strictObject({
      active: z.int(),
      starting: z.int(),
      draining: z.int(),
      target: z.number().nullable().describe("Replicas the policy asked for; null = no opinion."),
      engines: engineSamples,
    }),
  ),
  reason: z.string().nullable(),
  record: z
    .record(z.string(), z.json())
    .nullable()
    .describe("What the policy saw, estimated and decided, in its own words."),
});

const worker = z.strictObject({
  pool,
  id: z.int(),
  gpus: z.int(),
  created_s: z.number(),
  ready_s: z.number().nullable().describe("When it could take requests; null = never."),
  draining_s: z.number().nullable(),
  gone_s: z.number().describe("When it was removed, or the end of the run."),
  busy_s: z.number().describe("Time spent in passes."),
  requests: z.int().describe("Requests it was given."),
});

const latencySeries = z.strictObject({ mean: series, p50: series, p90: series, p99: series });

const timeline = z
  .strictObject({
    bucket_s: z.number().describe("Width of a time bucket, simulated seconds; bucket k covers [k, k+1) · bucket_s."),
    buckets: z.int(),
    arrivals: counts.describe("Requests offered in the bucket."),
    input_tokens: counts.describe("Their prompt tokens."),
    output_tokens: counts.describe("Their requested output tokens."),
    completions: counts.describe("Requests completed in the bucket."),
    failures: counts.describe("Requests rejected or failed in the bucket."),
    in_flight: counts.describe("Requests offered and not yet left, mean over the bucket's time."),
    queued: counts.describe("Of those, not yet admitted, mean over the bucket's time."),
    context_tokens: counts.describe(
      "Prompt and generated tokens of the requests holding key-value cache (disaggregated: in the decode pool), mean " +
        "over the bucket's time; even growth from first to last token, shared prefixes counted for each request.",
    ),
    ttft_ms: latencySeries.describe("Of the first tokens emitted in the bucket."),
    itl_ms: latencySeries.describe("Of the requests completed in the bucket: mean gap of each request."),
    reused_ratio: series.describe("Reused / input tokens of the requests completed in the bucket."),
    sla_attainment: z
      .strictObject({
        ttft: series.nullable(),
        itl: series.nullable(),
        e2e: series.nullable(),
        all: series,
      })
      .nullable()
      .describe("Share of the requests that left in the bucket and met the bound; null without bounds."),
    gpu_hours: counts.describe("GPU-hours spent up to the end of the bucket."),
    replicas: z
      .partialRecord(
        pool,
        z.strictObject({
          t_s: counts,
          active: z.array(z.int()),
          starting: z.array(z.int()),
          draining: z.array(z.int()),
        }),
      )
      .describe("Replica counts as exact steps: from t_s[k] on the counts are …[k]."),
    overview: z
      .strictObject({ bucket_s: z.number(), buckets: z.int(), ttft_ms: latencySeries, itl_ms: latencySeries })
      .describe("The two latencies in at most 180 wider buckets, exact there too."),
  })
  .describe("The run over simulated time, in at most 720 equal buckets. null = nothing measured in the bucket.");

const distributions = z
  .strictObject({
    quantiles: counts.describe("Shares 0..1, denser towards both ends."),
    ttft_ms: counts.describe("Time to first token at each quantile (nearest rank); empty when nothing was measured."),
    itl_ms: counts.describe("Pooled inter-token gaps."),
    aiperf_itl_ms: counts.describe("Mean gap of each request."),
    e2e_latency_ms: counts,
  })
  .describe("Cumulative distributions, exact at each quantile.");

const scatter = z
  .strictObject({
    request: counts.describe("Place in the trace."),
    arrival_s: counts,
    input_length: counts,
    output_length: counts,
    ttft_ms: counts,
    hit_share: counts.describe("Reused / input tokens."),
  })
  .describe("A deterministic sample of completed requests, at most 2,000.");

const worstRequest = z
  .strictObject({
    request: z.int().describe("Place in the trace."),
    arrival_s: z.number(),
    input_length: z.int(),
    output_length: z.int(),
    reused_input_tokens: z.int(),
    worker: z.int().nullable().describe("Serving (decode) worker and rank: worker · dp_size + rank."),
    prefill_worker: z.int().nullable(),
    ttft_ms: z.number().nullable(),
    itl_ms: z.number().nullable().describe("Its mean gap."),
    e2e_latency_ms: z.number(),
    queued_ms: z.number().nullable().describe("Arrival to first admission."),
    prefill_ms: z
      .number()
      .nullable()
      .describe("First admission to first token; in disaggregated runs to the end of its prefill."),
    transfer_ms: z
      .number()
      .nullable()
      .describe("End of prefill to activation at the decode worker; null in aggregated runs."),
    decode_ms: z.number().nullable().describe("The rest: up to the last token."),
    preempted_ms: z.number().nullable().describe("Time lost to preemption, part of the others; null = not recorded."),
  })
  .describe("A completed request and where its time went.");

export const detailShape = {
  scaling_events: z.array(scalingEvent).describe("Every change of a pool's wanted size, in order."),
  planner: z
    .strictObject({ policy: z.string(), ticks: z.array(plannerTick) })
    .nullable()
    .describe("The autoscaler in the loop and its ticks; null without one."),
  workers: z.array(worker).describe("Life of every worker."),
  timeline,
  distributions,
  scatter,
  worst_requests: z.array(worstRequest).describe("The 20 slowest completed requests by latency, slowest first."),
};
