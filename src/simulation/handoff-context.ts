import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { WorkerPool } from "../fleet/worker-pool.ts";
import type { ConditionalDisaggregation } from "../router/conditional-disaggregation.ts";
import type { FinishedQueue } from "./finished-queue.ts";
import type { PoolRouter } from "./pool-router.ts";
import { createPoolRouter } from "./router-factory.ts";
import { conditionalDisaggregation } from "./run-config.ts";
import type { HandoffInputs } from "./run-inputs.ts";
import { createObservers, type RunObservers } from "./run-observers.ts";
import { StationBoard } from "./station-board.ts";

/** What the steps of hand-offs work on. */
export interface HandoffContext extends HandoffInputs {
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

/**
 * Puts routers and observers before the two pools.
 * @param finished told who has left, where the workload depends on it; else null
 */
export function createHandoffContext(
  inputs: HandoffInputs,
  prefillPool: WorkerPool<PrefillWorker>,
  decodePool: WorkerPool<DecodeWorker>,
  finished: FinishedQueue | null,
): HandoffContext {
  const { config, topology, semantics, ledger, handoffs } = inputs;
  const { prefillEngine, decodeEngine, numPrefillWorkers, numDecodeWorkers } = topology;
  const leftNs = (request: number) => ledger.terminalNs[request]!;
  const pools = [
    { pool: prefillPool, dpSize: 1, kvBlocks: prefillEngine.numGpuBlocks },
    { pool: decodePool, dpSize: 1, kvBlocks: decodeEngine.numGpuBlocks },
  ];
  const workers = numPrefillWorkers + numDecodeWorkers;
  const observers = createObservers(inputs, handoffs, pools, workers);
  return {
    ...inputs,
    prefillPool,
    decodePool,
    prefillRouter: createPoolRouter(prefillPool, "prefill", prefillEngine, inputs, {
      prefillDoneNs: (request) => handoffs.sourceHeldNs[request]!,
      // A prompt that was held is there until it is released, even if its answer is complete before.
      leftNs: (request) =>
        Number.isNaN(handoffs.sourceHeldNs[request]!) ? leftNs(request) : handoffs.sourceReleasedNs[request]!,
    }),
    decodeRouter: createPoolRouter(decodePool, "decode", decodeEngine, inputs, {
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
