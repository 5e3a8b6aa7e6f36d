import type { KvTierConfig } from "../engine/tiers/kv-tier-config.ts";
import type { ProblemList } from "./config-error.ts";
import { shown } from "./config-error.ts";
import { caseInsensitiveKeys, engineArgsSchema } from "./engine-args-schema.ts";
import type { GivenEngineArgs } from "./engine-args-schema.ts";
import { place, validate } from "./validate.ts";

/** The part a worker plays; inferred from the flag its arguments came with. */
export type WorkerRole = "aggregated" | "prefill" | "decode";

/** Engine arguments after validation, defaults filled in (engine-reference §3). What a performance model is made from. */
export interface ValidatedEngineArgs {
  /** The flag they came with, for messages. */
  readonly where: string;
  readonly role: WorkerRole;
  readonly engineType: "vllm" | "sglang" | "trtllm";
  /** As given; null = use the performance model's estimate, else the default. */
  readonly numGpuBlocks: number | null;
  readonly blockSize: number;
  readonly maxModelLen: number | null;
  /** null = unbounded. */
  readonly maxNumSeqs: number | null;
  /** null = unbounded. */
  readonly maxNumBatchedTokens: number | null;
  readonly enablePrefixCaching: boolean;
  readonly enableChunkedPrefill: boolean;
  readonly preemptionMode: "lifo" | "fifo";
  /** 1 when given as 0. */
  readonly speedupRatio: number;
  /** 1 when given as 0. */
  readonly decodeSpeedupRatio: number;
  /** `dp_size`, or `aic_attention_dp_size` where that is set. */
  readonly dpSize: number;
  readonly startupSeconds: number;
  /** Path of a profile, or null. */
  readonly plannerProfileData: string | null;
  /** Folder of aiconfigurator's tables, or null. */
  readonly perfData: string | null;
  /** Rule for passes past the tables' grid. */
  readonly perfExtrapolation: "0.11" | "0.12";
  /** Whether passes take what servers were found to add to the modelled times. */
  readonly perfOverheads: "none" | "measured";
  /** GPU timing model; null = none was asked for (`aic_backend` unset). */
  readonly aic: AicArgs | null;
  /** GPUs of a rank: `aic_tp_size`, else 1. */
  readonly tensorParallelSize: number;
  readonly speculative: {
    readonly nextn: number;
    readonly acceptRates: readonly number[];
    readonly seed: number;
  } | null;
  readonly gpuMemoryUtilization: number | null;
  readonly memFractionStatic: number | null;
  readonly freeGpuMemoryFraction: number | null;
  readonly kvBytesPerToken: number | null;
  readonly kvTransferBandwidth: number | null;
  readonly kvTransferTimingMode: "full_prompt" | "destination_missing";
  /** `trtllm.capacity_scheduler_policy` is "max_utilization". */
  readonly maxUtilization: boolean;
  /** 1 = every pass may compute prompts. */
  readonly prefillScheduleInterval: number;
  /** Cache tiers below GPU memory; null = none asked for. */
  readonly kvTiers: KvTierConfig | null;
  readonly routerQueuePolicy: "fcfs" | "lcfs" | "wspt" | null;
  readonly sglang: {
    readonly schedulePolicy: "fifo" | "lpm";
    readonly maxPrefillTokens: number;
    readonly chunkedPrefillSize: number;
    readonly clipMaxNewTokens: number;
    readonly scheduleConservativeness: number;
    readonly prefillDecodeInterval: number;
  };
  /** The arguments as given, for reports. */
  readonly given: GivenEngineArgs;
}

/** The `aic_*` arguments of an engine whose times come from a GPU performance model; null = not given. */
export interface AicArgs {
  readonly backend: string;
  readonly system: string | null;
  readonly backendVersion: string | null;
  readonly modelPath: string | null;
  readonly tpSize: number | null;
  readonly moeTpSize: number | null;
  readonly moeEpSize: number | null;
  readonly attentionDpSize: number | null;
  readonly gemmDtype: string | null;
  readonly moeDtype: string | null;
  readonly fmhaDtype: string | null;
  readonly kvCacheDtype: string | null;
  readonly commDtype: string | null;
}

/** Defaults of the flat engine arguments that have one. */
export const engineArgDefaults = {
  engine_type: "vllm",
  num_gpu_blocks: 16_384,
  max_num_seqs: 256,
  max_num_batched_tokens: 8192,
  enable_prefix_caching: true,
  enable_chunked_prefill: true,
  speedup_ratio: 1,
  decode_speedup_ratio: 1,
  dp_size: 1,
  aic_mtp_seed: 42,
  kv_transfer_timing_mode: "full_prompt",
  preemption_mode: "lifo",
  perf_extrapolation: "0.11",
} as const;

/** Defaults of the `sglang` section. */
export const sglangDefaults = {
  schedule_policy: "fifo",
  max_prefill_tokens: 16_384,
  chunked_prefill_size: 8192,
  clip_max_new_tokens: 4096,
  schedule_conservativeness: 1,
} as const;

/** Defaults of the cache tiers, with `num_g2_blocks`; bandwidths in 1e9 byte/s, 0 = transfers take no time. */
export const tierDefaults = {
  offload_batch_size: 32,
  bandwidth_g1_to_g2_gbps: 14,
  bandwidth_g2_to_g1_gbps: 14,
  bandwidth_g2_to_g3_gbps: 7,
  bandwidth_g3_to_g2_gbps: 7,
  bandwidth_g2_to_g4_gbps: 0,
  bandwidth_g4_to_g2_gbps: 0,
} as const;

const defaultBlockSize = { vllm: 64, sglang: 1, trtllm: 32 } as const;
/** Acceptance of the draft tokens when none is given. */
export const defaultAcceptRates: readonly number[] = [0.85, 0.3, 0, 0, 0];

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
  checkRole(args, role, where, complain);
  checkTiers(args, complain);
  checkSglang(args, complain);
  const acceptRates = checkSpeculation(args, complain);
  if (
    typeof args.aic_attention_dp_size === "number" &&
    args.aic_attention_dp_size > 1 &&
    args.dp_size !== undefined &&
    args.dp_size !== args.aic_attention_dp_size
  ) {
    complain(
      "dp_size",
      `found ${args.dp_size}, but aic_attention_dp_size is ${args.aic_attention_dp_size}; set one of them`,
    );
  }
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

type Complain = (key: string, message: string) => void;

function checkRole(args: GivenEngineArgs, role: WorkerRole, where: string, complain: Complain): void {
  if (args.is_prefill === true && args.is_decode === true) {
    complain("is_prefill", "found true beside is_decode true; a worker cannot be both");
    return;
  }
  const flagged = args.is_prefill === true ? "prefill" : args.is_decode === true ? "decode" : null;
  const said = args.worker_type ?? flagged;
  if (args.worker_type != null && flagged !== null && flagged !== args.worker_type) {
    complain("worker_type", `found "${args.worker_type}", but is_${flagged} is true`);
  } else if (said !== null && said !== role) {
    complain(
      args.worker_type == null ? `is_${said}` : "worker_type",
      `found "${said}", but ${where} takes ${role} workers`,
    );
  }
}

function checkTiers(args: GivenEngineArgs, complain: Complain): void {
  const hostBlocks = args.num_g2_blocks ?? 0;
  if ((args.num_g3_blocks ?? 0) > 0 && hostBlocks === 0) {
    complain(
      "num_g3_blocks",
      `found ${args.num_g3_blocks}, but it needs num_g2_blocks: SSD blocks are staged through host memory`,
    );
  }
  if (args.enable_g4_storage === true && hostBlocks === 0) {
    complain("enable_g4_storage", "found true, but it needs num_g2_blocks: objects are staged through host memory");
  }
  if (args.g1_backend === "native" && hostBlocks > 0) {
    complain("g1_backend", 'found "native", but offload tiers need "kvbm" (or leave g1_backend out)');
  }
}

function checkSglang(args: GivenEngineArgs, complain: Complain): void {
  if (args.engine_type !== "sglang") return;
  const pageSize = args.sglang?.page_size ?? null;
  const blockSize = args.block_size ?? 0;
  if (pageSize !== null && blockSize > 0 && pageSize !== blockSize) {
    complain(
      "sglang.page_size",
      `found ${pageSize}, but block_size is ${blockSize}; they are the same thing, set one of them`,
    );
    return;
  }
  const size = blockSizeOf(args);
  const chunk = args.sglang?.chunked_prefill_size ?? null;
  if (chunk !== null && chunk % size !== 0) {
    complain("sglang.chunked_prefill_size", `found ${chunk}, expected a multiple of the block size ${size}`);
  }
}

/** Acceptance rates as a list of `nextn` numbers; empty without speculation. */
function checkSpeculation(args: GivenEngineArgs, complain: Complain): number[] {
  const given = args.aic_nextn_accept_rates ?? null;
  const rates = given === null ? null : parseRates(given, complain);
  const nextn = args.aic_nextn ?? null;
  if (nextn === null) {
    if (given !== null) complain("aic_nextn_accept_rates", `found ${shown(given)}, but it needs aic_nextn`);
    return [];
  }
  const decodeSpeedup = args.decode_speedup_ratio ?? 1;
  if (decodeSpeedup !== 1) {
    complain(
      "decode_speedup_ratio",
      `found ${decodeSpeedup}, but with aic_nextn it must be 1: accepted drafts are the speed-up`,
    );
  }
  return Array.from({ length: nextn }, (_, position) => (rates ?? defaultAcceptRates)[position] ?? 0);
}

function parseRates(given: string | readonly number[], complain: Complain): number[] {
  const parts = typeof given === "string" ? given.split(",").filter((part) => part.trim() !== "") : given;
  return parts.map((part, position) => {
    const rate = Number(part);
    if (!(rate >= 0 && rate <= 1)) {
      complain(`aic_nextn_accept_rates[${position}]`, `found ${shown(part)}, expected a number from 0 to 1`);
    }
    return rate;
  });
}

function blockSizeOf(args: GivenEngineArgs): number {
  const engineType = args.engine_type ?? engineArgDefaults.engine_type;
  const pageSize = engineType === "sglang" ? args.sglang?.page_size : null;
  return args.block_size || pageSize || defaultBlockSize[engineType];
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
