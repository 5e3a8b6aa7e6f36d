import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import { nothingSent, type InterruptedRequest } from "../engine/interruption.ts";
import type { PooledWorker } from "../fleet/worker-pool.ts";
import { RequestStatus } from "../metrics/request-ledger.ts";
import type { HandoffActions } from "./handoff-actions.ts";
import type { HandoffContext } from "./handoff-context.ts";
import type { PrefillDispatch } from "./prefill-dispatch.ts";
import type { Station } from "./station.ts";

/** Takes requests out of a disaggregated run, whatever step of the hand-off they are in. */
export class InterruptedHandoffs {
  private readonly context: HandoffContext;
  private readonly actions: HandoffActions;
  private readonly dispatch: PrefillDispatch;

  constructor(context: HandoffContext, actions: HandoffActions, dispatch: PrefillDispatch) {
    this.context = context;
    this.actions = actions;
    this.dispatch = dispatch;
  }

  /** Runs the workers that have a request up to now. */
  bringUp(request: number, nowNs: number): void {
    const { board } = this.context;
    const source = this.dispatch.sourceOf.get(request);
    const decoding = this.decodingAt(request);
    if (source !== undefined) board.touch(source, nowNs);
    if (decoding !== undefined) board.touch(board.of("decode", decoding), nowNs);
  }

  /** Takes a request out of every step it may be in; null when it has ended. */
  takeOut(request: number, nowNs: number): InterruptedRequest | null {
    const { board, ledger, prefillRouter, decodeRouter } = this.context;
    const decoding = this.decodingAt(request);
    const source = this.dispatch.sourceOf.get(request);
    this.bringUp(request, nowNs);
    const { status } = ledger;
    const isOver = status[request] !== RequestStatus.pending && status[request] !== RequestStatus.completed;
    if (isOver || ledger.terminalNs[request]! <= nowNs) return null;
    source?.member.worker.interrupt!(request, nowNs);
    const interrupted = decoding?.worker.interrupt!(request, nowNs) ?? nothingSent();
    this.dispatch.sourceOf.delete(request);
    this.actions.withdraw(request);
    board.forgetRequest(request);
    ledger.terminalNs[request] = nowNs;
    prefillRouter.withdraw(request, nowNs);
    decodeRouter.withdraw(request, nowNs);
    if (decoding !== undefined && decoding.worker.pendingDestinations > 0) {
      this.actions.tryReserve(board.of("decode", decoding) as Station<DecodeWorker>, nowNs);
    }
    return interrupted;
  }

  /** A prefill worker is gone; prompts it still held had been handed over. */
  onPrefillWorkerGone(member: PooledWorker<PrefillWorker>): void {
    for (const [request, station] of this.dispatch.sourceOf) {
      if (station.member !== member) continue;
      this.dispatch.sourceOf.delete(request);
      this.actions.dropQueued(request);
    }
  }

  /** The decode worker a request is at. */
  private decodingAt(request: number): PooledWorker<DecodeWorker> | undefined {
    const index = this.context.ledger.workerIndex[request]!;
    return index < 0 ? undefined : this.context.decodePool.find(index);
  }
}
