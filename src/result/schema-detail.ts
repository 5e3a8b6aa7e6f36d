import * as z from "zod/mini";

/** The sections of a result that pages draw from: planner, workers, timeline, distributions, single requests. */

const pool = z.enum(["agg", "prefill", "decode"]);
const series = z.array(z.nullable(z.number()));
const counts = z.array(z.number());

const scalingEvent = z
  .looseObject({
    t_s: z.number().check(z.describe("Simulated seconds.")),
    pool,
    from: z.int().check(z.describe("Non-draining replicas before.")),
    to: z.int().check(z.describe("Non-draining replicas after.")),
    kind: z.enum(["scale_up", "scale_down"]).check(z.describe("Which of the two it was.")),
    reason: z.string().check(z.describe("Why, in the policy's words.")),
  })
  .check(
    z.describe("One change of a pool's wanted size; further keys are estimated and observed values of the policy."),
  );

const engineSamples = z
  .strictObject({
    worker: z.array(z.int()).check(z.describe("Id of the worker.")),
    rank: z.array(z.int()).check(z.describe("Its attention data-parallel rank.")),
    running: z.array(z.int()).check(z.describe("Requests scheduled in the pass.")),
    waiting: z.array(z.int()).check(z.describe("Requests waiting at its start.")),
    kv_blocks: z.array(z.int()).check(z.describe("Key-value blocks referenced; 0 when idle.")),
  })
  .check(z.describe("The last pass each rank of a ready worker published since the tick before, in columns."));

const plannerTick = z.strictObject({
  t_s: z.number().check(z.describe("Simulated seconds.")),
  pools: z.partialRecord(
    pool,
    z.strictObject({
      active: z.int().check(z.describe("Workers that take requests.")),
      starting: z.int().check(z.describe("Workers that are starting up.")),
      draining: z.int().check(z.describe("Workers that only finish what they have.")),
      target: z.nullable(z.number()).check(z.describe("Replicas the policy asked for; null = no opinion.")),
      engines: engineSamples,
    }),
  ),
  reason: z.nullable(z.string()).check(z.describe("Why, in the policy's words; null = it gave no reason.")),
  record: z
    .nullable(z.record(z.string(), z.json()))
    .check(z.describe("What the policy saw, estimated and decided, in its own words.")),
});

const worker = z.strictObject({
  pool: pool.check(z.describe("Pool it belongs to.")),
  id: z.int().check(z.describe("Id within the pool, from 0, never given twice.")),
  gpus: z.int().check(z.describe("GPUs it holds.")),
  created_s: z.number().check(z.describe("When it was added, simulated s; its start-up begins.")),
  ready_s: z.nullable(z.number()).check(z.describe("When it could take requests; null = never.")),
  draining_s: z
    .nullable(z.number())
    .check(z.describe("From when on it took no more requests; null = it never drained.")),
  gone_s: z.number().check(z.describe("When it was removed, or the end of the run.")),
  failed: z.optional(z.boolean()).check(z.describe("true = it failed then. Only there when it did.")),
  busy_s: z.number().check(z.describe("Time spent in passes.")),
  requests: z.int().check(z.describe("Requests it was given.")),
});

/** What clients and failing workers did to a run. */
export const disruptions = z
  .strictObject({
    timed_out_requests: z.int().check(z.describe("Requests whose client gave up waiting, all attempts included.")),
    canceled_requests: z.int().check(z.describe("Requests whose user walked away.")),
    lost_requests: z.int().check(z.describe("Requests that failed with their worker.")),
    retried_requests: z.int().check(z.describe("Requests that were sent more than once.")),
    retries: z.int().check(z.describe("Attempts after the first.")),
    migrations: z.int().check(z.describe("Times a request went on on another worker.")),
    wasted_output_tokens: z.int().check(z.describe("Tokens that were generated and thrown away.")),
    worker_failures: z
      .array(
        z.strictObject({
          t_s: z.number(),
          pool,
          worker: z.int(),
          state: z
            .enum(["starting", "active", "draining", "absent"])
            .check(z.describe("What it was doing; absent = there was no such worker then.")),
          requests: z.int().check(z.describe("Requests it served or held.")),
          replacement: z.nullable(z.int()).check(z.describe("The worker that took its place; null = none.")),
        }),
      )
      .check(z.describe("Workers that failed, in order.")),
  })
  .check(z.describe("What clients and failing workers did. Only with --client-config or --fault-config."));

const latencySeries = z.strictObject({ mean: series, p50: series, p90: series, p99: series });

const timeline = z
  .strictObject({
    bucket_s: z
      .number()
      .check(z.describe("Width of a time bucket, simulated seconds; bucket k covers [k, k+1) · bucket_s.")),
    buckets: z.int(),
    arrivals: counts.check(z.describe("Requests offered in the bucket.")),
    input_tokens: counts.check(z.describe("Their prompt tokens.")),
    output_tokens: counts.check(z.describe("Their requested output tokens.")),
    completions: counts.check(z.describe("Requests completed in the bucket.")),
    failures: counts.check(z.describe("Requests rejected or failed in the bucket.")),
    in_flight: counts.check(z.describe("Requests offered and not yet left, mean over the bucket's time.")),
    queued: counts.check(z.describe("Of those, not yet admitted, mean over the bucket's time.")),
    context_tokens: counts.check(
      z.describe(
        "Prompt and generated tokens of the requests holding key-value cache (disaggregated: in the decode pool), mean " +
          "over the bucket's time; even growth from first to last token, shared prefixes counted for each request.",
      ),
    ),
    ttft_ms: latencySeries.check(z.describe("Of the first tokens emitted in the bucket.")),
    itl_ms: latencySeries.check(z.describe("Of the requests completed in the bucket: mean gap of each request.")),
    reused_ratio: series.check(z.describe("Reused / input tokens of the requests completed in the bucket.")),
    sla_attainment: z
      .nullable(
        z.strictObject({
          ttft: z.nullable(series),
          itl: z.nullable(series),
          e2e: z.nullable(series),
          all: series,
        }),
      )
      .check(z.describe("Share of the requests that left in the bucket and met the bound; null without bounds.")),
    gpu_hours: counts.check(z.describe("GPU-hours spent up to the end of the bucket.")),
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
      .check(z.describe("Replica counts as exact steps: from t_s[k] on the counts are …[k].")),
    overview: z
      .strictObject({ bucket_s: z.number(), buckets: z.int(), ttft_ms: latencySeries, itl_ms: latencySeries })
      .check(z.describe("The two latencies in at most 180 wider buckets, exact there too.")),
  })
  .check(
    z.describe("The run over simulated time, in at most 720 equal buckets. null = nothing measured in the bucket."),
  );

const distributions = z
  .strictObject({
    quantiles: counts.check(z.describe("Shares 0..1, denser towards both ends.")),
    ttft_ms: counts.check(
      z.describe("Time to first token at each quantile (nearest rank); empty when nothing was measured."),
    ),
    itl_ms: counts.check(z.describe("Pooled inter-token gaps.")),
    aiperf_itl_ms: counts.check(z.describe("Mean gap of each request.")),
    e2e_latency_ms: counts,
  })
  .check(z.describe("Cumulative distributions, exact at each quantile."));

const scatter = z
  .strictObject({
    request: counts.check(z.describe("Place in the trace.")),
    arrival_s: counts.check(z.describe("Simulated s.")),
    input_length: counts.check(z.describe("Prompt tokens.")),
    output_length: counts.check(z.describe("Generated tokens.")),
    ttft_ms: counts.check(z.describe("Time to first token, ms.")),
    hit_share: counts.check(z.describe("Reused / input tokens.")),
  })
  .check(z.describe("A deterministic sample of completed requests, at most 2,000."));

const worstRequest = z
  .strictObject({
    request: z.int().check(z.describe("Place in the trace.")),
    arrival_s: z.number().check(z.describe("Simulated s.")),
    input_length: z.int().check(z.describe("Prompt tokens.")),
    output_length: z.int().check(z.describe("Generated tokens.")),
    reused_input_tokens: z.int().check(z.describe("Prompt tokens found in the cache.")),
    worker: z.nullable(z.int()).check(z.describe("Serving (decode) worker and rank: worker · dp_size + rank.")),
    prefill_worker: z.nullable(z.int()).check(z.describe("Prefill worker; null in aggregated runs.")),
    ttft_ms: z.nullable(z.number()).check(z.describe("Time to first token, ms.")),
    itl_ms: z.nullable(z.number()).check(z.describe("Its mean gap.")),
    e2e_latency_ms: z.number().check(z.describe("Last token − arrival, ms.")),
    queued_ms: z.nullable(z.number()).check(z.describe("Arrival to first admission.")),
    prefill_ms: z
      .nullable(z.number())
      .check(z.describe("First admission to first token; in disaggregated runs to the end of its prefill.")),
    transfer_ms: z
      .nullable(z.number())
      .check(z.describe("End of prefill to activation at the decode worker; null in aggregated runs.")),
    decode_ms: z.nullable(z.number()).check(z.describe("The rest: up to the last token.")),
    preempted_ms: z
      .nullable(z.number())
      .check(
        z.describe(
          "Waiting between losing its blocks and being admitted again, part of the others; 0 = never preempted, null = not recorded (older results).",
        ),
      ),
  })
  .check(z.describe("A completed request and where its time went."));

/** Keys of a result that hold lists: scaling, ticks, workers, requests; see schema.ts for the figures. */
export const detailShape = {
  scaling_events: z.array(scalingEvent).check(z.describe("Every change of a pool's wanted size, in order.")),
  planner: z
    .nullable(
      z.strictObject({
        policy: z.string().check(z.describe("Its name, or the path of its module.")),
        ticks: z.array(plannerTick).check(z.describe("Every time it was asked, in order.")),
      }),
    )
    .check(z.describe("The autoscaler in the loop and its ticks; null without one.")),
  load_samples: z
    .nullable(
      z.strictObject({
        interval_s: z.number().check(z.describe("Time between samples of an engine, at the least.")),
        t_s: counts.check(z.describe("Start of the interval of each entry; an entry a worker and rank.")),
        pool: z
          .optional(z.array(z.enum(["agg", "prefill", "decode"])))
          .check(z.describe("Pool of the worker of each entry; absent in aggregated runs.")),
        worker: counts.check(z.describe("Id of the worker.")),
        rank: counts.check(z.describe("Its attention data-parallel rank.")),
        running: counts.check(z.describe("Requests in its last pass.")),
        waiting: counts.check(z.describe("Requests waiting at the start of that pass.")),
        kv_blocks: counts.check(z.describe("Key-value blocks in use after it.")),
        queued_prefill_tokens: counts,
        queued_decode_kv_tokens: counts,
        inflight_decode_kv_tokens: counts,
      }),
    )
    .check(
      z.describe(
        "Load of the engines of a run without a planner, sampled when a request reaches an engine, in all at most about 1,000 times; null otherwise (a planner's ticks have it).",
      ),
    ),
  workers: z.array(worker).check(z.describe("Life of every worker.")),
  timeline,
  distributions,
  scatter,
  worst_requests: z
    .array(worstRequest)
    .check(z.describe("The 20 slowest completed requests by latency, slowest first.")),
};
