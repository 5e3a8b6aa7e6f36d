import type { PoolObservation, PublishedPass, TrafficWindow } from "../planner.ts";
import type { LoadReason } from "./load-decision.ts";
import type { LoadOutcome } from "./load-scaling.ts";
import type { ReplicaTargets } from "./replica-targets.ts";
import type { ThroughputOutcome } from "./throughput-scaling.ts";

/**
 * What the Dynamo planner saw, estimated and decided on a tick: the fields of the reference's own tick log under their
 * names (planner-reference §6). Values are null where the tick did not produce them. `observed_*` repeat the last
 * traffic window consumed.
 */
export interface DynamoTickRecord {
  readonly timestamp_s: number;
  readonly num_prefill_replicas: number | null;
  readonly num_decode_replicas: number;
  readonly observed_ttft_ms: number | null;
  readonly observed_itl_ms: number | null;
  /** Requests of the window by the throughput interval, whatever the window's own length. */
  readonly observed_requests_per_second: number | null;
  readonly observed_input_sequence_tokens: number | null;
  readonly observed_output_sequence_tokens: number | null;
  readonly observed_kv_hit_rate: number | null;
  readonly observed_accept_length: number | null;
  readonly estimated_ttft_ms: number | null;
  readonly estimated_itl_ms: number | null;
  readonly predicted_requests_per_second: number | null;
  readonly predicted_input_sequence_tokens: number | null;
  readonly predicted_output_sequence_tokens: number | null;
  readonly predicted_kv_hit_rate: number | null;
  readonly engine_rps_prefill: number | null;
  readonly engine_rps_decode: number | null;
  readonly load_decision_reason: LoadReason | null;
  readonly load_decision_reason_prefill: LoadReason | null;
  readonly load_decision_reason_decode: LoadReason | null;
  readonly throughput_decision_reason: string | null;
  readonly throughput_decision_reason_prefill: string | null;
  readonly throughput_decision_reason_decode: string | null;
  readonly throughput_lower_bound_prefill: number;
  readonly throughput_lower_bound_decode: number;
  readonly prefill_engines: readonly EngineLoadRecord[];
  readonly decode_engines: readonly EngineLoadRecord[];
  readonly scale_to_prefill: number | null;
  readonly scale_to_decode: number | null;
  /** GPUs of ready workers × time since the first tick; what the reference's page shows, not what a run is billed. */
  readonly gpu_hours: number;
  /** The decision in a sentence. */
  readonly explanation: string;
}

/** The queues of one worker's rank. */
export interface EngineLoadRecord {
  readonly worker_id: string;
  readonly dp_rank: number;
  readonly queued_prefill_tokens: number;
  readonly queued_decode_kv_tokens: number;
  readonly inflight_decode_kv_tokens: number;
}

/** Ingredients of a record. */
export interface TickFacts {
  readonly nowSeconds: number;
  readonly prefillPool: PoolObservation | null;
  readonly decodePool: PoolObservation;
  /** Passes shown to the planner on this tick. */
  readonly prefillPasses: readonly PublishedPass[];
  readonly decodePasses: readonly PublishedPass[];
  /** The last traffic window consumed. */
  readonly traffic: TrafficWindow | null;
  readonly throughputIntervalSeconds: number;
  readonly load: LoadOutcome | null;
  readonly throughput: ThroughputOutcome | null;
  readonly floors: { readonly prefill: number; readonly decode: number };
  readonly scaleTo: ReplicaTargets | null;
  readonly gpuHours: number;
  readonly explanation: string;
}

/** Lays a tick out as the reference's log does. */
export function tickRecord(facts: TickFacts): DynamoTickRecord {
  const { traffic, load, throughput, scaleTo } = facts;
  const forecast = throughput?.forecast ?? null;
  const perSecond = (requests: number | undefined): number | null =>
    requests === undefined || facts.throughputIntervalSeconds <= 0 ? null : requests / facts.throughputIntervalSeconds;
  return {
    timestamp_s: facts.nowSeconds,
    num_prefill_replicas: facts.prefillPool?.activeIds.length ?? null,
    num_decode_replicas: facts.decodePool.activeIds.length,
    observed_ttft_ms: traffic !== null && traffic.ttftCount > 0 ? traffic.meanTtftMs : null,
    observed_itl_ms: traffic !== null && traffic.itlCount > 0 ? traffic.meanItlMs : null,
    observed_requests_per_second: perSecond(traffic?.offeredRequests),
    observed_input_sequence_tokens: traffic === null ? null : (traffic.meanInputTokens ?? 0),
    observed_output_sequence_tokens: traffic === null ? null : (traffic.meanOutputTokens ?? 0),
    observed_kv_hit_rate: traffic === null ? null : (traffic.meanKvHitRate ?? 0),
    observed_accept_length: traffic?.meanAcceptLength ?? null,
    estimated_ttft_ms: load?.estimatedTtftMs ?? null,
    estimated_itl_ms: load?.estimatedItlMs ?? null,
    predicted_requests_per_second: perSecond(forecast?.requests),
    predicted_input_sequence_tokens: forecast?.inputTokens ?? null,
    predicted_output_sequence_tokens: forecast?.outputTokens ?? null,
    predicted_kv_hit_rate: forecast?.kvHitRate ?? null,
    engine_rps_prefill: throughput?.engineRps.prefill ?? null,
    engine_rps_decode: throughput?.engineRps.decode ?? null,
    load_decision_reason: load?.reason ?? null,
    load_decision_reason_prefill: load?.prefillReason ?? null,
    load_decision_reason_decode: load?.decodeReason ?? null,
    throughput_decision_reason: throughput?.reason ?? null,
    throughput_decision_reason_prefill: throughput?.prefillReason ?? null,
    throughput_decision_reason_decode: throughput?.decodeReason ?? null,
    throughput_lower_bound_prefill: facts.floors.prefill,
    throughput_lower_bound_decode: facts.floors.decode,
    prefill_engines: facts.prefillPasses.map(engineLoad),
    decode_engines: facts.decodePasses.map(engineLoad),
    scale_to_prefill: scaleTo?.prefill ?? null,
    scale_to_decode: scaleTo?.decode ?? null,
    gpu_hours: facts.gpuHours,
    explanation: facts.explanation,
  };
}

function engineLoad({ workerId, rank, pass }: PublishedPass): EngineLoadRecord {
  return {
    worker_id: String(workerId),
    dp_rank: rank,
    queued_prefill_tokens: pass.sumQueuedPrefillTokens,
    queued_decode_kv_tokens: pass.sumQueuedDecodeKvTokens,
    inflight_decode_kv_tokens: pass.sumDecodeKvTokens,
  };
}
