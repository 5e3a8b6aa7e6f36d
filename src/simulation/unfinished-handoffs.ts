import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { Worker } from "../engine/worker.ts";
import type { WorkerPool } from "../fleet/worker-pool.ts";
import { FailureReason, RequestStatus } from "../metrics/request-ledger.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { onOfferGrid } from "../workload/offer-grid.ts";
import type { FinishedQueue } from "./finished-queue.ts";
import type { HandoffActions } from "./handoff-actions.ts";
import type { HandoffContext } from "./handoff-context.ts";
import { roleOf } from "./station.ts";

/** What of a disaggregated run is unfinished: whether anything is, whether it can go on, and giving up on what cannot. */
export class UnfinishedHandoffs {
  private readonly context: HandoffContext;
  private readonly pools: readonly WorkerPool<PrefillWorker | DecodeWorker>[];
  private readonly actions: HandoffActions;
  private readonly source: ArrivalSource;
  private readonly finished: FinishedQueue;

  /** @param finished whom the workload has yet to be told of */
  constructor(context: HandoffContext, actions: HandoffActions, source: ArrivalSource, finished: FinishedQueue) {
    this.context = context;
    this.pools = [context.prefillPool, context.decodePool];
    this.actions = actions;
    this.source = source;
    this.finished = finished;
  }

  /** Whether requests are still to come, or wait before they reach a worker. */
  get outsideWorkers(): boolean {
    return this.source.remaining > 0 || this.actions.hasParked || this.context.prefillRouter.backlog > 0;
  }

  /** Whether every request has left, also at workers that have to be brought to `atNs` first. */
  isDone(atNs: number): boolean {
    const { actions } = this;
    if (this.outsideWorkers || !actions.isEmpty || actions.nextTransferNs !== Infinity) return false;
    const { board } = this.context;
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        board.touch(board.of(roleOf(pool), member), atNs);
        if (!isEmpty(member.worker, atNs)) return false;
      }
    }
    return true;
  }

  /**
   * Whether nothing can come of what is under way, and no worker can start another pass; more workers would not help
   * requests that have theirs.
   */
  isStuck(atNs: number): boolean {
    if (!this.actions.isEmpty || this.actions.hasParked || this.context.prefillRouter.backlog > 0) return false;
    return this.everyWorker((worker) => worker.nextStartNs === Infinity && worker.busyUntilNs <= atNs);
  }

  /** Whether workers have no request any more. All must have been advanced to `atNs`. */
  workersEmpty(atNs: number): boolean {
    return this.everyWorker((worker) => isEmpty(worker, atNs));
  }

  private everyWorker(test: (worker: Worker) => boolean): boolean {
    for (const pool of this.pools) for (const { worker } of pool.serving()) if (!test(worker)) return false;
    return true;
  }

  /**
   * Nothing can happen any more, and yet requests are under way: pools too small for prompts that wait for each other.
   * All of them fail. (The reference gives such a run up.)
   * @param workersMayFail a pool without active workers has lost them
   * @returns false when there are none
   */
  giveUp(nowNs: number, workersMayFail: boolean): boolean {
    const { ledger, board } = this.context;
    const atNs = onOfferGrid(nowNs);
    const noWorker = workersMayFail && this.pools.some(({ active }) => active.length === 0);
    // What was given up before may have gone on when others came, and be stuck again.
    for (const request of board.givenUp) {
      if (ledger.status[request] !== RequestStatus.failed) continue;
      ledger.terminalNs[request] = Math.max(ledger.terminalNs[request]!, ledger.lastTokenNs[request]! || 0);
    }
    let failed = 0;
    for (let request = 0; request < ledger.count; request++) {
      if (Number.isNaN(ledger.arrivalNs[request]!) || ledger.status[request] !== RequestStatus.pending) continue;
      ledger.status[request] = RequestStatus.failed;
      ledger.reason[request] = noWorker ? FailureReason.workerFailed : FailureReason.outgrewKvPool;
      // A decode worker may have run ahead on its own, and a closed loop offers between the points of the grid.
      ledger.terminalNs[request] = Math.max(atNs, ledger.arrivalNs[request]!, ledger.lastTokenNs[request]! || 0);
      failed++;
      board.givenUp.add(request);
      if (this.source.dependsOnCompletions) this.finished.push(request, ledger.terminalNs[request]!);
    }
    return failed > 0;
  }
}

function isEmpty(worker: Worker, atNs: number): boolean {
  return worker.inSystem === 0 && worker.busyUntilNs <= atNs;
}
