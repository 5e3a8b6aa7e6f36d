export type { WorkerSpan } from "../fleet/worker-span.ts";
export type { HandoffColumns } from "../metrics/handoff-columns.ts";
import type { KvTierFigures } from "../engine/tiers/kv-tier-figures.ts";
import type { WorkerSpan } from "../fleet/worker-span.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { LoadSamples } from "./load-sampler.ts";
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
  /** When the last request completed, ns. */
  readonly durationNs: number;
  /** Passes of all workers. */
  readonly passes: number;
  /** Tokens they computed for prompts, those repeated after a preemption included. */
  readonly prefillTokens: number;
  /** Every worker that existed. */
  readonly workers: readonly WorkerSpan[];
  readonly scalingEvents: readonly ScalingEvent[];
  /** One record a planner tick. */
  readonly ticks: readonly TickRecord[];
  /** Load of the engines now and then; null with a planner, whose ticks have it. */
  readonly loadSamples: LoadSamples | null;
  /** Columns only disaggregated runs have; null otherwise. */
  readonly handoffs: HandoffColumns | null;
  /** What cache tiers below GPU memory did; absent without. */
  readonly tierFigures?: KvTierFigures;
  /** Absent or null where clients wait for ever and no worker fails. */
  readonly disruptions?: DisruptionRecord | null;
  /** Why the run ended before its last request did; null = it did not. */
  readonly endedEarly: {
    readonly kind: "max_sim_time" | "interrupted" | "planner_error";
    readonly message: string;
  } | null;
}

/** A worker that failed, or was to fail. */
export interface WorkerFailure {
  readonly atSeconds: number;
  readonly pool: PoolName;
  readonly worker: number;
  /** What it was doing; "absent" = there was no such worker any more, or yet. */
  readonly state: "starting" | "active" | "draining" | "absent";
  /** Requests it served or held. */
  readonly lost: number;
  /** Id of the worker that replaces it; null = none does. */
  readonly replacement: number | null;
}

/** What clients and failing workers did to a run. */
export interface DisruptionRecord {
  readonly failures: readonly WorkerFailure[];
  readonly retries: number;
  readonly migrations: number;
  /** Tokens that were generated and thrown away. */
  readonly wastedTokens: number;
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

/** What the ranks of a pool's ready workers last published before a tick, one entry a rank. */
export interface EngineSamples {
  readonly worker: number[];
  readonly rank: number[];
  /** Requests scheduled in the pass, and waiting at its start. */
  readonly running: number[];
  readonly waiting: number[];
  /** Key-value blocks referenced; 0 when idle. */
  readonly kv_blocks: number[];
}

/** What a planner saw and said at a tick. */
export interface TickRecord {
  readonly atSeconds: number;
  readonly pools: Partial<
    Record<
      PoolName,
      { active: number; starting: number; draining: number; target: number | null; engines: EngineSamples }
    >
  >;
  readonly reason: string | null;
  /** The policy's own record (Targets.record). */
  readonly record: Readonly<Record<string, unknown>> | null;
}
