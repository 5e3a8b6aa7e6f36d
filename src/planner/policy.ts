import type { PoolName } from "./planner.ts";

/** What a policy is told about the run it is to steer, before its first tick: what its operator would know. */
export interface PolicyContext {
  /** `policy_config` as given; empty without one. A built-in policy gets its knobs checked, with defaults. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly pools: readonly PolicyPool[];
  readonly limits: ReplicaLimits;
  /** Bounds to keep; null where the planner configuration gives none. */
  readonly sla: { readonly ttftMs: number | null; readonly itlMs: number | null };
  /** Seed of whatever is drawn at random. */
  readonly seed: number;
}

/** How few and how many replicas there may be. */
export interface ReplicaLimits {
  /** Least replicas of a pool (`min_endpoint`). */
  readonly minReplicas: number;
  /** Least GPUs of all pools together (`min_gpu_budget`); null = no bound. */
  readonly minGpus: number | null;
  /** Most GPUs of all pools together (`max_gpu_budget`); null = no bound. */
  readonly maxGpus: number | null;
}

/** One pool a policy may scale, and what its engines can do. Limits are null where the engine has none. */
export interface PolicyPool {
  readonly name: PoolName;
  /** Replicas at the start. */
  readonly replicas: number;
  readonly gpusPerWorker: number;
  /** From a scale-up to the first request a new worker can take. */
  readonly startupSeconds: number;
  /** Tokens the key-value cache of one worker holds. */
  readonly kvCapacityTokens: number;
  readonly kvBlockSize: number;
  readonly prefixCaching: boolean;
  /** Most tokens a pass computes. */
  readonly maxBatchedTokens: number | null;
  /** Most running requests of a worker. */
  readonly maxSequences: number | null;
  /** Longest context. */
  readonly maxModelLength: number | null;
  /** Ranks of a worker that schedule and cache on their own (attention data parallelism). */
  readonly ranks: number;
  /** Draft tokens a step; 0 = no speculative decoding. */
  readonly draftTokens: number;
  /** How long one pass of a worker takes as the performance model has it, ms; pure. */
  readonly passMs: (pass: PlannedPass) => number;
}

/** A pass to be priced: sums over its requests. */
export interface PlannedPass {
  /** Requests with new prompt tokens, those tokens, and tokens of theirs computed or cached before. */
  readonly prefillRequests: number;
  readonly prefillTokens: number;
  readonly prefillPrefixTokens: number;
  /** Requests that get a token each, and their contexts together. */
  readonly decodeRequests: number;
  readonly decodeKvTokens: number;
}
