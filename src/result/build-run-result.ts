import type { ForwardPass } from "../engine/forward-pass.ts";
import { distributionQuantiles } from "../metrics/percentile.ts";
import { summarizeGaps } from "../metrics/gap-statistics.ts";
import { summarizeValues } from "../metrics/latency-statistics.ts";
import type { LatencyStatistics } from "../metrics/latency-statistics.ts";
import { FailureReason, failureReasons, RequestStatus } from "../metrics/request-ledger.ts";
import { semanticsByName } from "../engine/semantics.ts";
import type { SemanticsName } from "../engine/semantics.ts";
import type { DisruptionRecord, SimulationOutcome, WorkerSpan } from "../simulation/outcome.ts";
import { kvTiersOf } from "./kv-tiers.ts";
import { resultDigest } from "./digest.ts";
import { latencyColumns, presentValues } from "./latency-columns.ts";
import type { ConfigValue, FlatMetric, RunResult, StatisticName } from "./schema.ts";
import { scatterSample, worstRequests } from "./single-requests.ts";
import { attainment, Met, metBounds } from "./sla-attainment.ts";
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
  const totals = sumTotals(outcome, met);
  const seconds = outcome.durationNs / 1e9;
  const wallSeconds = context.wallTimeMs / 1000;
  const rate = (amount: number, over: number) => (over > 0 ? amount / over : 0);

  const ttfts = presentValues(columns.ttft);
  const tpots = presentValues(columns.tpot);
  const e2es = presentValues(columns.e2e);
  const ttft = summarizeValues(ttfts);
  const e2e = summarizeValues(e2es);
  const tpot = summarizeValues(tpots);
  const { sketchedGapPercentiles } = semanticsByName[context.semantics];
  const pooled = summarizeGaps(ledger.gaps, sketchedGapPercentiles ? "sketched" : "exact");
  const processed = totals.inputTokens + totals.outputTokens;
  const prefillSeconds = workerSeconds(outcome.workers, (pool) => pool === "prefill");
  const decodeSeconds = workerSeconds(outcome.workers, (pool) => pool !== "prefill");

  const result: Omit<RunResult, "digest"> = {
    schema_version: 1,
    windtunnel_version: context.windtunnelVersion,
    semantics: context.semantics,
    engine: outcome.engine,
    mode: context.mode,
    trace: { name: trace.name, requests: trace.count, notes: [...trace.notes] },
    config: { ...context.config },
    warnings: [...context.warnings],

    num_requests: outcome.offeredRequests,
    completed_requests: totals.completed,
    rejected_requests: totals.rejected,
    failed_requests: totals.failed,
    incomplete_requests: Math.max(0, outcome.offeredRequests - totals.completed - totals.rejected - totals.failed),
    failure_reasons: totals.reasons,
    ...(outcome.disruptions == null ? {} : { disruptions: disruptionsOf(outcome, outcome.disruptions) }),
    ended_early: outcome.endedEarly === null ? null : { ...outcome.endedEarly },

    total_input_tokens: totals.inputTokens,
    total_output_tokens: totals.outputTokens,
    committed_prefill_tokens: outcome.prefillTokens,
    num_ttft_samples: ttfts.length,
    num_tpot_samples: tpots.length,
    num_e2e_latency_samples: e2es.length,
    duration_ms: outcome.durationNs / 1e6,
    request_throughput_rps: rate(totals.completed, seconds),
    input_throughput_tok_s: rate(totals.inputTokens, seconds),
    output_throughput_tok_s: rate(totals.outputTokens, seconds),
    total_throughput_tok_s: rate(processed, seconds),
    prefix_cache_reused_ratio: rate(totals.reusedTokens, totals.inputTokens),
    first_admission_prefix_cache_reused_ratio: rate(totals.firstReusedTokens, totals.inputTokens),
    ...(outcome.tierFigures === undefined ? {} : { kv_tiers: kvTiersOf(outcome.tierFigures) }),
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

    ...(context.sla?.source === "flags"
      ? {
          goodput_completed_requests: totals.good,
          goodput_request_throughput_rps: rate(totals.good, seconds),
          goodput_output_throughput_tok_s: rate(totals.goodOutputTokens, seconds),
        }
      : {}),
    sla:
      context.sla === null || met === null
        ? null
        : {
            source: context.sla.source,
            ttft_ms: context.sla.ttftMs,
            itl_ms: context.sla.itlMs,
            e2e_ms: context.sla.e2eMs,
            attainment: attainment(ledger, met, context.sla),
          },

    prefill_worker_seconds: prefillSeconds,
    decode_worker_seconds: decodeSeconds,
    prefill_gpus_per_worker: context.gpusPerWorker.prefill,
    decode_gpus_per_worker: context.gpusPerWorker.decode,
    gpu_hours: (prefillSeconds * context.gpusPerWorker.prefill + decodeSeconds * context.gpusPerWorker.decode) / 3600,

    wall_time_ms: context.wallTimeMs,
    processed_tokens: processed,
    processed_tokens_per_s: rate(processed, wallSeconds),
    processed_output_tokens_per_s: rate(totals.outputTokens, wallSeconds),

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
    timeline: buildTimeline(
      outcome,
      columns,
      context.sla === null || met === null ? null : { bounds: context.sla, met },
    ),
    distributions: {
      quantiles: [...distributionQuantiles],
      ttft_ms: ttft.distribution,
      itl_ms: pooled.gaps.distribution,
      aiperf_itl_ms: tpot.distribution,
      e2e_latency_ms: e2e.distribution,
    },
    scatter: scatterSample(outcome, columns),
    worst_requests: worstRequests(outcome, columns),
  };
  return { ...result, digest: resultDigest(result) };
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

function sumTotals({ ledger, trace, handoffs }: SimulationOutcome, met: Uint8Array | null) {
  const totals = {
    completed: 0,
    rejected: 0,
    failed: 0,
    inputTokens: 0,
    outputTokens: 0,
    reusedTokens: 0,
    firstReusedTokens: 0,
    good: 0,
    goodOutputTokens: 0,
  };
  const reasonCounts = new Float64Array(failureReasons.length);
  for (let i = 0; i < ledger.count; i++) {
    const status = ledger.status[i]!;
    if (status === RequestStatus.pending) continue;
    if (status === RequestStatus.completed) {
      totals.completed++;
      totals.inputTokens += trace.inputLength[i]!;
      totals.outputTokens += ledger.outputTokens[i]!;
      totals.reusedTokens += Math.max(ledger.reusedTokens[i]!, handoffs?.decodeReusedTokens[i] ?? 0);
      totals.firstReusedTokens += ledger.firstReusedTokens[i]!;
      if (met !== null && met[i]! & Met.all) {
        totals.good++;
        totals.goodOutputTokens += ledger.outputTokens[i]!;
      }
      continue;
    }
    reasonCounts[ledger.reason[i]!]!++;
    if (status === RequestStatus.rejected) totals.rejected++;
    else totals.failed++;
  }
  const reasons: Record<string, number> = {};
  for (const [reason, name] of failureReasons.entries()) {
    if (reasonCounts[reason]! > 0) reasons[name] = reasonCounts[reason]!;
  }
  return { ...totals, reasons };
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

function disruptionsOf(
  { ledger }: SimulationOutcome,
  { failures, retries, migrations, wastedTokens }: DisruptionRecord,
): NonNullable<RunResult["disruptions"]> {
  let timedOut = 0;
  let canceled = 0;
  let lost = 0;
  let retried = 0;
  for (let i = 0; i < ledger.count; i++) {
    if (ledger.status[i] === RequestStatus.timedOut) timedOut++;
    else if (ledger.status[i] === RequestStatus.canceled) canceled++;
    else if (ledger.reason[i] === FailureReason.workerFailed) lost++;
    if (ledger.attempts !== null && ledger.attempts[i]! > 1) retried++;
  }
  return {
    timed_out_requests: timedOut,
    canceled_requests: canceled,
    lost_requests: lost,
    retried_requests: retried,
    retries,
    migrations,
    wasted_output_tokens: wastedTokens,
    worker_failures: failures.map(({ atSeconds, pool, worker, state, lost: requests, replacement }) => ({
      t_s: atSeconds,
      pool,
      worker,
      state,
      requests,
      replacement,
    })),
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
