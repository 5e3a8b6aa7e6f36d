import type { ForwardPass } from "../engine/forward-pass.ts";
import { distributionQuantiles } from "../metrics/percentile.ts";
import { summarizeGaps } from "../metrics/gap-statistics.ts";
import { summarizeValues } from "../metrics/latency-statistics.ts";
import type { LatencyStatistics } from "../metrics/latency-statistics.ts";
import { semanticsByName } from "../engine/semantics.ts";
import type { SemanticsName } from "../engine/semantics.ts";
import type { SimulationOutcome, WorkerSpan } from "../simulation/outcome.ts";
import { kvTiersOf } from "./kv-tiers.ts";
import { resultDigest } from "./digest.ts";
import { disruptionsOf } from "./disruptions.ts";
import { latencyColumns, presentValues } from "./latency-columns.ts";
import type { LatencyColumns } from "./latency-columns.ts";
import { requestTotals } from "./request-totals.ts";
import type { RequestTotals } from "./request-totals.ts";
import type { ConfigValue, FlatMetric, RunResult, StatisticName } from "./schema.ts";
import { scatterSample, worstRequests } from "./single-requests.ts";
import { attainment, metBounds } from "./sla-attainment.ts";
import type { SlaBounds } from "./sla-attainment.ts";
import { buildTimeline } from "./timeline.ts";

/** What a result says beside what the simulation left behind. */
export interface ResultContext {
  readonly windtunnelVersion: string;
  readonly semantics: SemanticsName;
  readonly mode: "agg" | "disagg";
  /** GPUs of a worker: prefill 0 in aggregated runs; decode = aggregated worker there. */
  readonly gpusPerWorker: { readonly prefill: number; readonly decode: number };
  /** Resolved configuration by dotted path. */
  readonly config: Readonly<Record<string, ConfigValue>>;
  readonly warnings: readonly string[];
  /** Bounds to report attainment of; null = none. Goodput keys appear only with source "flags". */
  readonly sla: (SlaBounds & { readonly source: "flags" | "planner" }) | null;
  /** Name of the policy in the loop; null without a planner. */
  readonly policy: string | null;
  /** Time the simulation took. */
  readonly wallTimeMs: number;
}

/** Computes everything a report shows from what a simulation left behind (engine-reference §9). */
export function buildRunResult(outcome: SimulationOutcome, context: ResultContext): RunResult {
  const { ledger, trace } = outcome;
  const columns = latencyColumns(ledger);
  const met = context.sla === null ? null : metBounds(ledger, columns, context.sla);
  const judged = context.sla === null || met === null ? null : { bounds: context.sla, met };
  const totals = requestTotals(outcome, met);
  const latencies = latenciesOf(outcome, columns, context.semantics);

  const result: Omit<RunResult, "digest"> = {
    schema_version: 1,
    windtunnel_version: context.windtunnelVersion,
    semantics: context.semantics,
    engine: outcome.engine,
    mode: context.mode,
    trace: { name: trace.name, requests: trace.count, notes: [...trace.notes] },
    config: { ...context.config },
    warnings: [...context.warnings],
    ...countsOf(outcome, totals),
    ...amountsOf(outcome, totals, latencies.samples),
    ...latencies.statistics,
    ...(context.sla?.source === "flags" ? goodputOf(outcome, totals) : {}),
    sla:
      context.sla === null || judged === null
        ? null
        : {
            source: context.sla.source,
            ttft_ms: context.sla.ttftMs,
            itl_ms: context.sla.itlMs,
            e2e_ms: context.sla.e2eMs,
            attainment: attainment(ledger, judged.met, context.sla),
          },
    ...costOf(outcome, context, totals),
    ...paceOf(totals, context.wallTimeMs),
    scaling_events: outcome.scalingEvents.map(({ atSeconds, pool, from, to, kind, reason, details }) => ({
      t_s: atSeconds,
      pool,
      from,
      to,
      kind,
      reason,
      ...details,
    })),
    planner: context.policy === null ? null : { policy: context.policy, ticks: outcome.ticks.map(tick) },
    load_samples: loadSamples(outcome),
    workers: outcome.workers.map(worker),
    timeline: buildTimeline(outcome, columns, judged),
    distributions: latencies.distributions,
    scatter: scatterSample(outcome, columns),
    worst_requests: worstRequests(outcome, columns),
  };
  return { ...result, digest: resultDigest(result) };
}

/** Of what is per time; 0 of a run that took none. */
function rate(amount: number, seconds: number): number {
  return seconds > 0 ? amount / seconds : 0;
}

/** How many requests there were and how they ended. */
function countsOf(outcome: SimulationOutcome, { completed, rejected, failed, reasons }: RequestTotals) {
  return {
    num_requests: outcome.offeredRequests,
    completed_requests: completed,
    rejected_requests: rejected,
    failed_requests: failed,
    incomplete_requests: Math.max(0, outcome.offeredRequests - completed - rejected - failed),
    failure_reasons: reasons,
    ...(outcome.disruptions == null ? {} : { disruptions: disruptionsOf(outcome, outcome.disruptions) }),
    ended_early: outcome.endedEarly === null ? null : { ...outcome.endedEarly },
  };
}

/** Tokens and throughput on the virtual clock, and what the caches spared. */
function amountsOf(
  outcome: SimulationOutcome,
  totals: RequestTotals,
  samples: { readonly ttft: number; readonly tpot: number; readonly e2e: number },
) {
  const seconds = outcome.durationNs / 1e9;
  const share = (tokens: number) => (totals.inputTokens > 0 ? tokens / totals.inputTokens : 0);
  return {
    total_input_tokens: totals.inputTokens,
    total_output_tokens: totals.outputTokens,
    committed_prefill_tokens: outcome.prefillTokens,
    num_ttft_samples: samples.ttft,
    num_tpot_samples: samples.tpot,
    num_e2e_latency_samples: samples.e2e,
    duration_ms: outcome.durationNs / 1e6,
    request_throughput_rps: rate(totals.completed, seconds),
    input_throughput_tok_s: rate(totals.inputTokens, seconds),
    output_throughput_tok_s: rate(totals.outputTokens, seconds),
    total_throughput_tok_s: rate(totals.inputTokens + totals.outputTokens, seconds),
    prefix_cache_reused_ratio: share(totals.reusedTokens),
    first_admission_prefix_cache_reused_ratio: share(totals.firstReusedTokens),
    ...(outcome.tierFigures === undefined ? {} : { kv_tiers: kvTiersOf(outcome.tierFigures) }),
  };
}

/** Statistics and distributions of every latency. */
function latenciesOf({ ledger }: SimulationOutcome, columns: LatencyColumns, semantics: SemanticsName) {
  const values = {
    ttft: presentValues(columns.ttft),
    tpot: presentValues(columns.tpot),
    e2e: presentValues(columns.e2e),
  };
  const ttft = summarizeValues(values.ttft);
  const e2e = summarizeValues(values.e2e);
  const tpot = summarizeValues(values.tpot);
  const pooled = summarizeGaps(ledger.gaps, semanticsByName[semantics].sketchedGapPercentiles ? "sketched" : "exact");
  return {
    samples: { ttft: values.ttft.length, tpot: values.tpot.length, e2e: values.e2e.length },
    statistics: {
      ...(Object.assign(
        {},
        flat("ttft_ms", ttft.statistics),
        flat("ttst_ms", summarizeValues(presentValues(columns.ttst)).statistics),
        flat("tpot_ms", tpot.statistics),
        flat("itl_ms", pooled.gaps.statistics),
        flat("e2e_latency_ms", e2e.statistics),
        flat("output_token_throughput_per_user", pooled.perUser.statistics),
      ) as FlatStatistics),
      aiperf_itl_ms: tpot.statistics,
      aiperf_output_token_throughput_per_user: summarizeValues(perUserThroughput(columns.tpot)).statistics,
    },
    distributions: {
      quantiles: [...distributionQuantiles],
      ttft_ms: ttft.distribution,
      itl_ms: pooled.gaps.distribution,
      aiperf_itl_ms: tpot.distribution,
      e2e_latency_ms: e2e.distribution,
    },
  };
}

/** What met the bounds the user gave. */
function goodputOf({ durationNs }: SimulationOutcome, { good, goodOutputTokens }: RequestTotals) {
  return {
    goodput_completed_requests: good,
    goodput_request_throughput_rps: rate(good, durationNs / 1e9),
    goodput_output_throughput_tok_s: rate(goodOutputTokens, durationNs / 1e9),
  };
}

/** What the workers cost. */
function costOf(
  { workers }: SimulationOutcome,
  { gpusPerWorker, config }: ResultContext,
  { outputTokens }: RequestTotals,
) {
  const prefillSeconds = workerSeconds(workers, (pool) => pool === "prefill");
  const decodeSeconds = workerSeconds(workers, (pool) => pool !== "prefill");
  const gpuHours = (prefillSeconds * gpusPerWorker.prefill + decodeSeconds * gpusPerWorker.decode) / 3600;
  const price = config["run.gpu_price"]?.value;
  const cost = typeof price === "number" ? gpuHours * price : null;
  return {
    prefill_worker_seconds: prefillSeconds,
    decode_worker_seconds: decodeSeconds,
    prefill_gpus_per_worker: gpusPerWorker.prefill,
    decode_gpus_per_worker: gpusPerWorker.decode,
    gpu_hours: gpuHours,
    ...(cost === null ? {} : { gpu_cost: cost }),
    ...(cost === null || outputTokens === 0 ? {} : { gpu_cost_per_million_output_tokens: (cost / outputTokens) * 1e6 }),
  };
}

/** How fast the simulation itself went. */
function paceOf({ inputTokens, outputTokens }: RequestTotals, wallTimeMs: number) {
  const processed = inputTokens + outputTokens;
  return {
    wall_time_ms: wallTimeMs,
    processed_tokens: processed,
    processed_tokens_per_s: rate(processed, wallTimeMs / 1000),
    processed_output_tokens_per_s: rate(outputTokens, wallTimeMs / 1000),
  };
}

function loadSamples({ loadSamples: samples, workers }: SimulationOutcome): RunResult["load_samples"] {
  if (samples === null) return null;
  const { entries, intervalSeconds } = samples;
  const of = (figure: (pass: Readonly<ForwardPass>) => number): number[] =>
    entries.map(({ pass }) => (pass === null ? 0 : figure(pass)));
  return {
    interval_s: intervalSeconds,
    t_s: entries.map(({ atSeconds }) => atSeconds),
    ...(workers.some(({ pool }) => pool !== "agg") ? { pool: entries.map(({ pool }) => pool) } : {}),
    worker: entries.map(({ worker: id }) => id),
    rank: entries.map(({ rank }) => rank),
    running: of((pass) => pass.numPrefillRequests + pass.numDecodeRequests),
    waiting: of((pass) => pass.numQueuedPrefill + pass.numQueuedDecode),
    kv_blocks: of((pass) => pass.activeBlocks),
    queued_prefill_tokens: of((pass) => pass.sumQueuedPrefillTokens),
    queued_decode_kv_tokens: of((pass) => pass.sumQueuedDecodeKvTokens),
    inflight_decode_kv_tokens: of((pass) => pass.sumDecodeKvTokens),
  };
}

type FlatStatistics = Pick<RunResult, `${StatisticName}_${FlatMetric}` & keyof RunResult>;

function flat(metric: FlatMetric, statistics: LatencyStatistics): Record<string, number> {
  return Object.fromEntries(Object.entries(statistics).map(([name, value]) => [`${name}_${metric}`, value]));
}

function perUserThroughput(itlMs: Float64Array): Float64Array {
  const values = presentValues(itlMs);
  let used = 0;
  for (let i = 0; i < values.length; i++) if (values[i]! > 0) values[used++] = 1000 / values[i]!;
  return values.subarray(0, used);
}

function workerSeconds(workers: readonly WorkerSpan[], counts: (pool: WorkerSpan["pool"]) => boolean): number {
  let ns = 0;
  for (const { pool, createdNs, goneNs } of workers) if (counts(pool)) ns += goneNs - createdNs;
  return ns / 1e9;
}

function worker(span: WorkerSpan): RunResult["workers"][number] {
  const secondsOrNull = (ns: number) => (Number.isNaN(ns) ? null : ns / 1e9);
  return {
    pool: span.pool,
    id: span.id,
    gpus: span.gpus,
    created_s: span.createdNs / 1e9,
    ready_s: secondsOrNull(span.readyNs),
    draining_s: secondsOrNull(span.drainingNs),
    gone_s: span.goneNs / 1e9,
    ...(span.failed === true ? { failed: true } : {}),
    busy_s: span.busyNs / 1e9,
    requests: span.requests,
  };
}

type PlannerTick = NonNullable<RunResult["planner"]>["ticks"][number];

function tick(record: SimulationOutcome["ticks"][number]): PlannerTick {
  return {
    t_s: record.atSeconds,
    pools: record.pools,
    reason: record.reason,
    record: record.record as PlannerTick["record"],
  };
}
