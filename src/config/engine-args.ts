import type { KvTierConfig } from "../engine/tiers/kv-tier-config.ts";
import type { ProblemList } from "./config-error.ts";
import { shown } from "./config-error.ts";
import { blockSizeOf, engineArgDefaults, sglangDefaults, tierDefaults } from "./engine-arg-defaults.ts";
import { checkEngineArgs } from "./engine-arg-rules.ts";
import { caseInsensitiveKeys, engineArgsSchema } from "./engine-args-schema.ts";
import type { GivenEngineArgs } from "./engine-args-schema.ts";
import { place, validate } from "./validate.ts";
import type { AicArgs, ValidatedEngineArgs, WorkerRole } from "./validated-engine-args.ts";

/**
 * Checks engine arguments and fills in the defaults. All mistakes go to `problems`.
 * @param given the parsed document behind the flag
 * @param where the flag
 * @param role the part the flag stands for; `worker_type` may repeat it but not contradict it
 * @param perfData `--perf-data`, used where the arguments have no `perf_data`
 * @returns null when there were mistakes
 */
export function validateEngineArgs(
  given: unknown,
  where: string,
  role: WorkerRole,
  problems: ProblemList,
  perfData: string | null = null,
): ValidatedEngineArgs | null {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    problems.add(where, `found ${shown(given)}, expected an object of engine arguments`);
    return null;
  }
  const args = validate(engineArgsSchema, lowerCaseChoices(given), where, problems);
  if (args === null) return null;
  const before = problems.problems.length;
  const complain = (key: string, message: string) => problems.add(place(where, [key]), message);
  const acceptRates = checkEngineArgs(args, role, where, complain);
  if (problems.problems.length > before) return null;
  return fillIn(args, where, role, acceptRates, perfData);
}

/** A copy in which the names that may be written in any case are lower case. */
function lowerCaseChoices(given: object): object {
  const copy = structuredClone(given) as Record<string, unknown>;
  for (const key of caseInsensitiveKeys) {
    const path = key.split(".");
    const last = path.pop()!;
    const owner = path.reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name], copy);
    if (typeof owner !== "object" || owner === null) continue;
    const section = owner as Record<string, unknown>;
    if (typeof section[last] === "string") section[last] = section[last].toLowerCase();
  }
  return copy;
}

function fillIn(
  args: GivenEngineArgs,
  where: string,
  role: WorkerRole,
  acceptRates: number[],
  perfData: string | null,
): ValidatedEngineArgs {
  const engineType = args.engine_type ?? engineArgDefaults.engine_type;
  const unbounded = <Key extends "max_num_seqs" | "max_num_batched_tokens">(key: Key) =>
    args[key] === undefined ? engineArgDefaults[key] : args[key];
  const schedulePolicy = args.sglang?.schedule_policy ?? sglangDefaults.schedule_policy;
  return {
    where,
    role,
    engineType,
    numGpuBlocks: args.num_gpu_blocks ?? null,
    blockSize: blockSizeOf(args),
    maxModelLen: args.max_model_len ?? null,
    maxNumSeqs: unbounded("max_num_seqs"),
    maxNumBatchedTokens: unbounded("max_num_batched_tokens"),
    enablePrefixCaching: args.enable_prefix_caching ?? engineArgDefaults.enable_prefix_caching,
    enableChunkedPrefill: args.enable_chunked_prefill ?? engineArgDefaults.enable_chunked_prefill,
    preemptionMode: args.preemption_mode ?? engineArgDefaults.preemption_mode,
    speedupRatio: args.speedup_ratio || 1,
    // A speed-up of 0 turns all scaling off, in the reference too.
    decodeSpeedupRatio: args.speedup_ratio === 0 ? 1 : args.decode_speedup_ratio || 1,
    dpSize: Math.max(args.dp_size ?? 1, args.aic_attention_dp_size ?? 1),
    startupSeconds: args.startup_time ?? 0,
    plannerProfileData: args.planner_profile_data ?? null,
    perfData: args.perf_data ?? perfData,
    perfExtrapolation: args.perf_extrapolation ?? engineArgDefaults.perf_extrapolation,
    perfOverheads: args.perf_overheads ?? "none",
    aic: aicArgs(args),
    tensorParallelSize: args.aic_tp_size ?? 1,
    speculative:
      args.aic_nextn == null
        ? null
        : { nextn: args.aic_nextn, acceptRates, seed: args.aic_mtp_seed ?? engineArgDefaults.aic_mtp_seed },
    gpuMemoryUtilization: args.gpu_memory_utilization ?? null,
    memFractionStatic: args.mem_fraction_static ?? null,
    freeGpuMemoryFraction: args.free_gpu_memory_fraction ?? null,
    kvBytesPerToken: args.kv_bytes_per_token ?? null,
    kvTransferBandwidth: args.kv_transfer_bandwidth ?? null,
    kvTransferTimingMode: args.kv_transfer_timing_mode ?? engineArgDefaults.kv_transfer_timing_mode,
    maxUtilization: args.trtllm?.capacity_scheduler_policy === "max_utilization",
    prefillScheduleInterval: args.prefill_schedule_interval ?? 1,
    g1Backend: args.g1_backend ?? (args.num_g2_blocks ? "kvbm" : "native"),
    kvTiers: kvTiersOf(args),
    routerQueuePolicy: args.router_queue_policy ?? null,
    sglang: {
      schedulePolicy: schedulePolicy === "lpm" ? "lpm" : "fifo",
      maxPrefillTokens: args.sglang?.max_prefill_tokens ?? sglangDefaults.max_prefill_tokens,
      chunkedPrefillSize: args.sglang?.chunked_prefill_size ?? sglangDefaults.chunked_prefill_size,
      clipMaxNewTokens: args.sglang?.clip_max_new_tokens ?? sglangDefaults.clip_max_new_tokens,
      prefillDecodeInterval: args.sglang?.prefill_decode_interval ?? 0,
      scheduleConservativeness: args.sglang?.schedule_conservativeness ?? sglangDefaults.schedule_conservativeness,
    },
    given: args,
  };
}

/** Tier settings with the reference's defaults; without a bandwidth the object store takes no time. */
function kvTiersOf(args: GivenEngineArgs): KvTierConfig | null {
  const hostBlocks = args.num_g2_blocks ?? 0;
  if (hostBlocks === 0) return null;
  return {
    hostBlocks,
    diskBlocks: args.num_g3_blocks ?? 0,
    objectStore: args.enable_g4_storage ?? false,
    offloadBatchSize: args.offload_batch_size || tierDefaults.offload_batch_size,
    gpuToHost: args.bandwidth_g1_to_g2_gbps ?? tierDefaults.bandwidth_g1_to_g2_gbps,
    hostToGpu: args.bandwidth_g2_to_g1_gbps ?? tierDefaults.bandwidth_g2_to_g1_gbps,
    hostToDisk: args.bandwidth_g2_to_g3_gbps ?? tierDefaults.bandwidth_g2_to_g3_gbps,
    diskToHost: args.bandwidth_g3_to_g2_gbps ?? tierDefaults.bandwidth_g3_to_g2_gbps,
    hostToObject: args.bandwidth_g2_to_g4_gbps ?? tierDefaults.bandwidth_g2_to_g4_gbps,
    objectToHost: args.bandwidth_g4_to_g2_gbps ?? tierDefaults.bandwidth_g4_to_g2_gbps,
  };
}

function aicArgs(args: GivenEngineArgs): AicArgs | null {
  if (args.aic_backend == null) return null;
  return {
    backend: args.aic_backend,
    system: args.aic_system ?? null,
    backendVersion: args.aic_backend_version ?? null,
    modelPath: args.aic_model_path ?? null,
    tpSize: args.aic_tp_size ?? null,
    moeTpSize: args.aic_moe_tp_size ?? null,
    moeEpSize: args.aic_moe_ep_size ?? null,
    attentionDpSize: args.aic_attention_dp_size ?? null,
    gemmDtype: args.aic_gemm_dtype ?? null,
    moeDtype: args.aic_moe_dtype ?? null,
    fmhaDtype: args.aic_fmha_dtype ?? null,
    kvCacheDtype: args.aic_kv_cache_dtype ?? null,
    commDtype: args.aic_comm_dtype ?? null,
  };
}
