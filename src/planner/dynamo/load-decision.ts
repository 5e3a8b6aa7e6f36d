/** Why load scaling did what it did on a tick; `docs/planner.md` explains each. */
export type LoadReason =
  | "disabled"
  | "no_fpm_data"
  | "scaling_in_progress"
  | "worker_count_mismatch"
  | "insufficient_data"
  | "no_change"
  | "scale_up"
  | "scale_down"
  | "scale_down_capped_by_throughput"
  | "scale_down_refused_consolidation";

/** What the load of one pool alone calls for, before floors and budgets. */
export interface PoolOpinion {
  /** Wanted replicas; null = no opinion. */
  readonly replicas: number | null;
  /** Why there is no opinion, or why the pool holds. */
  readonly reason: "insufficient_data" | "no_change" | "scale_down_refused_consolidation" | null;
}

/** Nothing to say: data is missing. */
export const INSUFFICIENT_DATA: PoolOpinion = { replicas: null, reason: "insufficient_data" };
/** Nothing to say: load is neither high nor low. */
export const NO_CHANGE: PoolOpinion = { replicas: null, reason: "no_change" };

/** An opinion for a number of replicas. */
export function wants(replicas: number): PoolOpinion {
  return { replicas, reason: null };
}
