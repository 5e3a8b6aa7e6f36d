import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { PoolName } from "../planner/planner.ts";
import type { Trace } from "../trace/trace.ts";

/** What a run leaves behind; results and reports are computed from it. */
export interface SimulationOutcome {
  readonly trace: Trace;
  readonly ledger: RequestLedger;
  /** Which engine implementation ran. */
  readonly engine: "aggregated" | "pass-by-pass";
  /** Requests offered to the system (all, unless the run ended early). */
  readonly offeredRequests: number;
  /** Last time a request left the system, ns. */
  readonly durationNs: number;
  /** Passes of all workers. */
  readonly passes: number;
  /** Every worker that existed. */
  readonly workers: readonly WorkerSpan[];
  readonly scalingEvents: readonly ScalingEvent[];
  /** One record a planner tick. */
  readonly ticks: readonly TickRecord[];
  /** Columns only disaggregated runs have; null otherwise. */
  readonly handoffs: HandoffColumns | null;
  /** Why the run ended before its last request did; null = it did not. */
  readonly endedEarly: {
    readonly kind: "max_sim_time" | "interrupted" | "planner_error";
    readonly message: string;
  } | null;
}

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
  /** Time spent in passes. */
  readonly busyNs: number;
  /** Requests it was given. */
  readonly requests: number;
}

/** One change of a pool's wanted size. */
export interface ScalingEvent {
  readonly atSeconds: number;
  readonly pool: PoolName;
  /** Non-draining replicas before and after. */
  readonly from: number;
  readonly to: number;
  readonly kind: "scale_up" | "scale_down";
  readonly reason: string;
  /** Estimated and observed values of the policy that led to it; stand beside the other keys in a result. */
  readonly details?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What a planner saw and said at a tick. */
export interface TickRecord {
  readonly atSeconds: number;
  readonly pools: Partial<
    Record<PoolName, { active: number; starting: number; draining: number; target: number | null }>
  >;
  readonly reason: string | null;
  /** The policy's own record (Targets.record). */
  readonly record: Readonly<Record<string, unknown>> | null;
}

/** Stations of the hand-off of each request, ns, NaN = never; worker indices −1 = none. */
export interface HandoffColumns {
  readonly prefillWorkerIndex: Int32Array;
  readonly prefillAdmitNs: Float64Array;
  readonly sourceHeldNs: Float64Array;
  readonly destinationReservedNs: Float64Array;
  readonly destinationActivatedNs: Float64Array;
  readonly decodeAdmitNs: Float64Array;
  readonly sourceReleasedNs: Float64Array;
  readonly decodeReusedTokens: Int32Array;
}
