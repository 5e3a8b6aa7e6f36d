import type { PoolName } from "../planner/planner.ts";

/** Life of one worker, ns. NaN = never got there. */
export interface WorkerSpan {
  readonly pool: PoolName;
  readonly id: number;
  readonly gpus: number;
  readonly createdNs: number;
  readonly readyNs: number;
  readonly drainingNs: number;
  /** When it was removed; the end of the run for those that were still there. */
  readonly goneNs: number;
  /** It failed then. */
  readonly failed?: boolean;
  /** Time spent in passes. */
  readonly busyNs: number;
  /** Requests it was given. */
  readonly requests: number;
}
