import type { ForwardPass } from "../engine/forward-pass.ts";

/** Pools a planner may scale. Aggregated runs have only "agg". */
export type PoolName = "agg" | "prefill" | "decode";

/** An autoscaling policy. Sees only what a live one would see; answers with the replicas it wants. */
export interface Planner {
  /** Simulated seconds of the first tick, or null for no ticks at all. */
  firstTickSeconds(): number | null;
  /** True: observations carry `requests`. Costs a little, so only for policies that look at them. */
  readonly seesRequests?: boolean;
  /**
   * Called once before the run, for policies that are to know what no live one can: how the run would go under other
   * fleets. Aggregated runs only.
   */
  foresee?(rehearsal: Rehearsal): void;
  /** Called once a tick, after everything else of that instant has settled. */
  onTick(observation: Observation): Targets;
}

/** Plays the run that is about to begin, as often as one likes. */
export interface Rehearsal {
  /**
   * The run with another fleet at the start, steered by another policy (null = by none).
   * @param sla bounds in ms; null = none
   */
  play(workers: number, policy: Planner | null, sla: { ttftMs: number | null; itlMs: number | null }): RehearsedRun;
}

/** How a rehearsed run went. */
export interface RehearsedRun {
  /** By request: when it was offered. */
  readonly arrivalSeconds: Float64Array;
  /** By request: 1 = it met both bounds. */
  readonly met: Uint8Array;
  readonly gpuSeconds: number;
}

/** What a planner wants after a tick: replicas of its pools, and when to ask it next. */
export interface Targets {
  /** Wanted non-draining (active + starting) replicas a pool; absent = leave as it is. Whole numbers ≥ 0. */
  readonly replicas: Partial<Record<PoolName, number>>;
  /** Simulated seconds of the next tick, at least 1 ms later than this one; null = no more ticks. */
  readonly nextTickSeconds: number | null;
  /** Why, a sentence or a reason word; shown with a scaling event. */
  readonly reason?: string;
  /** Everything the policy wants recorded about this tick; goes to `planner.ticks` of the result as it is. */
  readonly record?: Readonly<Record<string, unknown>>;
}

/** The settled state of the system at a tick. */
export interface Observation {
  readonly nowSeconds: number;
  readonly pools: Partial<Record<PoolName, PoolObservation>>;
  /** Traffic since the tick before. */
  readonly traffic: TrafficWindow;
  /** Requests one by one, for policies with `seesRequests`. */
  readonly requests?: RequestWindow;
  /** Requests under way, as the front end and the router see them. */
  readonly frontEnd: FrontEndGauges;
}

/** What a front end that forwards prompts and streams answers can count. "Window" = since the tick before. */
export interface FrontEndGauges {
  /** Offered, not yet completed, rejected or failed. */
  readonly inFlight: number;
  /** Of those, without a first token yet; their prompt tokens; how long the oldest has waited (0 = none). */
  readonly awaitingFirstToken: number;
  readonly awaitingInputTokens: number;
  readonly oldestAwaitingSeconds: number;
  /** Of those, not sent to any worker yet, and their prompt tokens. */
  readonly atRouter: number;
  readonly atRouterInputTokens: number;
  /** Prompt tokens of the requests offered in the window. */
  readonly offeredInputTokens: number;
  /** First tokens that came in the window, in the order their requests were offered. */
  readonly firstTokens: readonly AnsweredRequest[];
}

/** A request whose answer has begun. */
export interface AnsweredRequest {
  readonly ttftMs: number;
  readonly inputTokens: number;
  /** Prompt tokens the engine says it found in its cache. */
  readonly cachedTokens: number;
}

/** What a front end's log says of the requests since the tick before. */
export interface RequestWindow {
  readonly arrived: readonly ArrivedRequest[];
  /** Those that completed; what was rejected, failed or was given up is not among them. */
  readonly completed: readonly CompletedRequest[];
}

/** A request at the front door: its prompt is known, its answer is not. */
export interface ArrivedRequest {
  readonly id: number;
  readonly arrivalSeconds: number;
  readonly inputTokens: number;
}

/** A request that has been answered. */
export interface CompletedRequest {
  readonly id: number;
  readonly outputTokens: number;
  /** Prompt tokens its engine found in the cache. */
  readonly cachedTokens: number;
  readonly ttftMs: number;
  /** Mean gap between its tokens; null with fewer than two. */
  readonly itlMs: number | null;
}

/** A pool at a tick. */
export interface PoolObservation {
  /** Ids of workers that are ready and take requests, ascending. */
  readonly activeIds: readonly number[];
  readonly startingIds: readonly number[];
  readonly drainingIds: readonly number[];
  /** GPUs one worker holds. */
  readonly gpusPerWorker: number;
  /** The last record each active worker's ranks published since the tick before, ascending by worker and rank. */
  readonly passes: readonly PublishedPass[];
  /** Requests the pool has to do with now (the front pool: those not sent to a worker yet included), and how many it had
   * to do with on average over the window's time. */
  readonly inFlight: number;
  readonly meanInFlight: number;
  /** Gauges of every worker that can hold requests: active ones, then draining ones, ascending by id within each. */
  readonly workers: readonly WorkerGauges[];
}

/** One worker as its gauges and the router show it. */
export interface WorkerGauges {
  readonly id: number;
  readonly state: "active" | "draining";
  /** Requests sent to it that it still has to do with. */
  readonly inFlight: number;
  /** Of those, without a first token yet (prefill pool: prompt not computed yet), and their prompt tokens. */
  readonly awaitingFirstToken: number;
  readonly awaitingInputTokens: number;
  /** Requests scheduled in its last completed pass and waiting at its start, over all ranks; 0 when idle. */
  readonly running: number;
  readonly waiting: number;
  /** Share of its key-value blocks in use at that pass, 0..1. */
  readonly kvUtilisation: number;
  /** Share of the window (or of its life, if shorter) it spent in passes, 0..1. */
  readonly busyShare: number;
}

/** A published record: forward-pass metrics and who published them. */
export interface PublishedPass {
  readonly workerId: number;
  readonly rank: number;
  /** (end − start) in seconds; 0 for an idle record. */
  readonly wallSeconds: number;
  readonly pass: Readonly<ForwardPass>;
}

/** Requests offered and completed in a window of time. Means are null when nothing was counted. */
export interface TrafficWindow {
  readonly durationSeconds: number;
  /** Requests offered (arrivals, rejected ones included). */
  readonly offeredRequests: number;
  readonly meanInputTokens: number | null;
  readonly meanOutputTokens: number | null;
  /** Completions behind the two means. */
  readonly completedRequests: number;
  readonly meanTtftMs: number | null;
  readonly ttftCount: number;
  readonly meanItlMs: number | null;
  readonly itlCount: number;
  /** Mean of overlap blocks / prompt blocks over routed requests; null when the router does not know. */
  readonly meanKvHitRate: number | null;
  readonly kvHitRateCount: number;
  /** Visible tokens / decode forwards; null without forwards. */
  readonly meanAcceptLength: number | null;
  readonly acceptLengthForwards: number;
}
