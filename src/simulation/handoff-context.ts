import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { Semantics } from "../engine/semantics.ts";
import type { WorkerPool } from "../fleet/worker-pool.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { ConditionalDisaggregation } from "../router/conditional-disaggregation.ts";
import type { Trace } from "../trace/trace.ts";
import type { FinishedQueue } from "./finished-queue.ts";
import type { PoolRouter } from "./pool-router.ts";
import { createPoolRouter } from "./router-factory.ts";
import type { DisaggregatedTopology, RunConfig } from "./run-config.ts";
import { createObservers, type RunObservers } from "./run-observers.ts";
import { StationBoard } from "./station-board.ts";

/** What the steps of hand-offs work on. */
export interface HandoffContext {
  readonly trace: Trace;
  readonly topology: DisaggregatedTopology;
  readonly semantics: Semantics;
  readonly ledger: RequestLedger;
  readonly handoffs: HandoffColumns;
  readonly prefillPool: WorkerPool<PrefillWorker>;
  readonly decodePool: WorkerPool<DecodeWorker>;
  readonly prefillRouter: PoolRouter<PrefillWorker>;
  readonly decodeRouter: PoolRouter<DecodeWorker>;
  /** When a decode worker computes a prompt itself; null = never. */
  readonly conditional: ConditionalDisaggregation | null;
  /** Taking back a prompt its prefill worker refused takes steps as a hand-off does. */
  readonly refusalsTakeSteps: boolean;
  readonly board: StationBoard;
  readonly observers: RunObservers;
  /** Told who has left, where the workload depends on it; else null. */
  readonly finished: FinishedQueue | null;
}

/** What a disaggregated run is given. */
export interface HandoffInputs extends Pick<
  HandoffContext,
  "trace" | "topology" | "semantics" | "ledger" | "handoffs"
> {
  readonly config: RunConfig;
}

/** When a decode worker computes a prompt itself; null = never. */
export function conditionalDisaggregation({ routerMode, kvRouter }: RunConfig): ConditionalDisaggregation | null {
  return routerMode === "kv_router" ? (kvRouter?.conditionalDisaggregation ?? null) : null;
}

/**
 * Puts routers and observers before the two pools.
 * @param finished told who has left, where the workload depends on it; else null
 */
export function createHandoffContext(
  { config, ...inputs }: HandoffInputs,
  prefillPool: WorkerPool<PrefillWorker>,
  decodePool: WorkerPool<DecodeWorker>,
  finished: FinishedQueue | null,
): HandoffContext {
  const { trace, topology, semantics, ledger, handoffs } = inputs;
  const { prefillEngine, decodeEngine, numPrefillWorkers, numDecodeWorkers } = topology;
  const leftNs = (request: number) => ledger.terminalNs[request]!;
  const pools = [
    { pool: prefillPool, dpSize: 1, kvBlocks: prefillEngine.numGpuBlocks },
    { pool: decodePool, dpSize: 1, kvBlocks: decodeEngine.numGpuBlocks },
  ];
  const workers = numPrefillWorkers + numDecodeWorkers;
  const observers = createObservers(trace, config, semantics, ledger, handoffs, pools, workers);
  return {
    ...inputs,
    prefillPool,
    decodePool,
    prefillRouter: createPoolRouter(prefillPool, "prefill", prefillEngine, trace, config, {
      prefillDoneNs: (request) => handoffs.sourceHeldNs[request]!,
      // A prompt that was held is there until it is released, even if its answer is complete before.
      leftNs: (request) =>
        Number.isNaN(handoffs.sourceHeldNs[request]!) ? leftNs(request) : handoffs.sourceReleasedNs[request]!,
    }),
    decodeRouter: createPoolRouter(decodePool, "decode", decodeEngine, trace, config, {
      prefillDoneNs: leftNs,
      leftNs,
    }),
    conditional: conditionalDisaggregation(config),
    refusalsTakeSteps: semantics.refusalsTakeSteps && config.client == null && config.faults == null,
    board: new StationBoard(ledger, observers.traffic, finished),
    observers,
    finished,
  };
}
