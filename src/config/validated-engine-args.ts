import type { EngineType } from "../engine/engine-types.ts";
import type { KvTierConfig } from "../engine/tiers/kv-tier-config.ts";
import type { GivenEngineArgs } from "./engine-args-schema.ts";

/** The part a worker plays; inferred from the flag its arguments came with. */
export type WorkerRole = "aggregated" | "prefill" | "decode";

/** Engine arguments after validation, defaults filled in (engine-reference §3). What a performance model is made from. */
export interface ValidatedEngineArgs {
  /** The flag they came with, for messages. */
  readonly where: string;
  readonly role: WorkerRole;
  readonly engineType: EngineType;
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
  /** Owner of GPU blocks: as given, else what cache tiers need. */
  readonly g1Backend: "native" | "kvbm";
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
