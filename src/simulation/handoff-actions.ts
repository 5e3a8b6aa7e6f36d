import { promisesWholeOutput } from "../engine/engine-config.ts";
import type { DecodeWorker } from "../engine/handoff-worker.ts";
import { FailureReason, RequestStatus } from "../metrics/request-ledger.ts";
import type { HandoffContext } from "./handoff-context.ts";
import type { PrefillDispatch } from "./prefill-dispatch.ts";
import type { Action, Station } from "./station.ts";
import { TransferQueue, transferNs } from "./transfer-queue.ts";

/** How a request leaves without a worker's doing. */
interface Departure {
  readonly status: RequestStatus;
  readonly reason: FailureReason;
}

const refusedByRouter: Departure = { status: RequestStatus.rejected, reason: FailureReason.routerQueueFull };
const tooLargeForDestination: Departure = {
  status: RequestStatus.failed,
  reason: FailureReason.promptExceedsKvPool,
};

/**
 * The steps of a hand-off, from the prefill worker to the decode worker, as one global queue of actions: what an action
 * leads to is appended to its end (other-engines-findings §2.4). Actions that need an idle worker wait for it.
 */
export class HandoffActions {
  private readonly context: HandoffContext;
  private readonly dispatch: PrefillDispatch;
  /** The destination of each request on its way. */
  private readonly decodeOf = new Map<number, Station<DecodeWorker>>();
  private actions: Action[] = [];
  /** Actions that found their pool without an active worker. */
  private parked: Action[] = [];
  private readonly transfers: TransferQueue;
  /** SGLang reserves the destination before the prompt is computed (other-engines-findings §4.31). */
  private readonly destinationFirst: boolean;
  /** Place of each request in the order of arrival. */
  private readonly ordinal: Int32Array;
  private offered = 0;

  constructor(context: HandoffContext, dispatch: PrefillDispatch) {
    this.context = context;
    this.dispatch = dispatch;
    this.transfers = new TransferQueue(context.semantics);
    this.destinationFirst = context.topology.decodeEngine.engineType === "sglang";
    context.board.onLeft = (requests) => {
      context.prefillRouter.onLeft(requests);
      context.decodeRouter.onLeft(requests);
      if (this.destinationFirst) this.abandonDestinations(requests);
    };
    if (context.refusalsTakeSteps && !this.destinationFirst) {
      context.board.onRefused = (requests) => {
        for (const request of requests) dispatch.sourceOf.get(request)!.refused.push(request);
      };
    }
    this.ordinal = new Int32Array(context.trace.count);
  }

  get isEmpty(): boolean {
    return this.actions.length === 0;
  }

  get hasParked(): boolean {
    return this.parked.length > 0;
  }

  /** End of the next transfer. */
  get nextTransferNs(): number {
    return this.transfers.nextNs;
  }

  add(action: Action): void {
    this.actions.push(action);
  }

  /** A request has arrived. */
  offer(request: number): void {
    this.ordinal[request] = this.offered++;
    this.actions.push({ kind: this.destinationFirst ? "choose" : "submit", request });
  }

  /** A prompt is computed and held by its prefill worker. */
  onHeld(request: number): void {
    this.actions.push({ kind: this.destinationFirst ? "transfer" : "choose", request });
  }

  /** A request has got its destination. */
  onReserved(request: number): void {
    this.actions.push({ kind: this.destinationFirst ? "submit" : "transfer", request });
  }

  /** Appends the activations of prompts that have arrived. */
  endTransfers(nowNs: number): void {
    while (this.transfers.nextNs <= nowNs) this.actions.push({ kind: "activate", request: this.transfers.pop() });
  }

  /** Does all actions, and those they lead to. */
  drain(nowNs: number): void {
    // Actions appended while this loop runs are done by it too.
    const { actions } = this;
    for (let i = 0; i < actions.length; i++) this.act(actions[i]!, nowNs);
    if (actions.length > 0) this.actions = [];
  }

  /** Takes up parked actions whose pool has an active worker again. */
  unpark(): void {
    if (this.parked.length === 0) return;
    const { prefillPool, decodePool } = this.context;
    const canRun = (action: Action) => (action.kind === "submit" ? prefillPool : decodePool).active.length > 0;
    const { parked } = this;
    this.parked = [];
    for (const action of parked) (canRun(action) ? this.actions : this.parked).push(action);
  }

  private act(action: Action, nowNs: number): void {
    const { request } = action;
    switch (action.kind) {
      case "submit":
        if (this.context.prefillPool.active.length === 0) this.parked.push(action);
        else this.submit(request, nowNs);
        return;
      case "choose":
        if (this.context.decodePool.active.length === 0) this.parked.push(action);
        else this.chooseDestination(request, nowNs);
        return;
      case "transfer":
        this.startTransfer(request, nowNs);
        return;
      case "activate":
        this.activate(action, nowNs);
        return;
      case "release":
        this.release(action, nowNs);
        return;
      case "forget":
        this.context.decodeRouter.onLeft([request]);
        return;
      case "abandon":
        this.abandon(action, nowNs);
        return;
      case "cancel":
        this.cancel(action, nowNs);
        return;
      case "dismiss":
        this.dismiss(request, nowNs);
    }
  }

  private submit(request: number, nowNs: number): void {
    for (const refused of this.dispatch.submit(request, nowNs)) {
      this.leave(refused, refusedByRouter, nowNs);
      this.context.finished?.push(refused, nowNs);
      this.abandonDestinations([refused]);
    }
  }

  /** Drops every step of a request: it is taken out of the hand-off. */
  withdraw(request: number): void {
    this.decodeOf.delete(request);
    this.dropQueued(request);
    this.parked = this.parked.filter((action) => action.request !== request);
    this.transfers.remove(request);
  }

  /** Drops the steps of a request that are to be done now. */
  dropQueued(request: number): void {
    this.actions = this.actions.filter((action) => action.request !== request);
  }

  private chooseDestination(request: number, nowNs: number): void {
    const { board, decodePool, decodeRouter, handoffs, observers, topology, trace } = this.context;
    if (decodeRouter.looksAtWorkers) {
      for (const each of decodePool.active) board.touch(board.of("decode", each), nowNs);
    }
    const { member, overlapBlocks } = decodeRouter.route(request, nowNs)!;
    const station = board.of("decode", member) as Station<DecodeWorker>;
    this.decodeOf.set(request, station);
    board.touch(station, nowNs);
    observers.loads?.visit("decode", member, nowNs);
    const { decodeEngine } = topology;
    const { blockSize, numGpuBlocks } = decodeEngine;
    const inputLength = trace.inputLength[request]!;
    handoffs.decodeRouteOverlapTokens[request] = overlapBlocks * blockSize;
    const promised = promisesWholeOutput(decodeEngine) ? trace.outputLength[request]! : 0;
    if (Math.ceil((inputLength + promised) / blockSize) > numGpuBlocks) {
      this.rejectDestination(request, nowNs);
      return;
    }
    member.worker.offerDestination(request);
    this.tryReserve(station, nowNs);
  }

  /** The prompt can never fit a decode worker. */
  private rejectDestination(request: number, nowNs: number): void {
    this.leave(request, tooLargeForDestination, nowNs);
    this.actions.push({ kind: "forget", request });
    if (this.destinationFirst) {
      this.decodeOf.delete(request);
      this.context.finished?.push(request, nowNs);
    } else this.actions.push({ kind: "release", request });
  }

  /** Requests that left the prefill pool without being held: nobody comes for the pages reserved for them. */
  private abandonDestinations(requests: readonly number[]): void {
    for (const request of requests) if (this.decodeOf.has(request)) this.actions.push({ kind: "abandon", request });
  }

  /** The station an action's request has its destination at; null when it is busy, and the action waits for it. */
  private idleDestination(action: Action, nowNs: number): Station<DecodeWorker> | null {
    const { board } = this.context;
    const station = this.decodeOf.get(action.request)!;
    board.touch(station, nowNs);
    if (station.member.worker.busyUntilNs <= nowNs) return station;
    station.deferred.push(action);
    board.watch(station, nowNs);
    return null;
  }

  private abandon(action: Action, nowNs: number): void {
    const station = this.idleDestination(action, nowNs);
    if (station === null) return;
    this.decodeOf.delete(action.request);
    this.dispatch.sourceOf.delete(action.request);
    station.member.worker.abandonDestination(action.request, nowNs);
    this.tryReserve(station, nowNs);
  }

  /** A request leaves that no worker has, now; whoever waits for its end is told by the caller. */
  private leave(request: number, { status, reason }: Departure, nowNs: number): void {
    const { ledger, observers } = this.context;
    ledger.status[request] = status;
    ledger.reason[request] = reason;
    ledger.terminalNs[request] = nowNs;
    observers.traffic?.onLeft([request]);
  }

  /** Gives the first in line at an idle decode worker its destination, if there is room. */
  tryReserve(station: Station<DecodeWorker>, nowNs: number): void {
    const { worker } = station.member;
    if (worker.busyUntilNs <= nowNs) {
      const reserved = worker.tryReserve(nowNs);
      if (reserved >= 0) this.onReserved(reserved);
    }
    this.context.board.watch(station, nowNs);
  }

  private startTransfer(request: number, nowNs: number): void {
    const { prefillEngine } = this.context.topology;
    const tokens =
      prefillEngine.kvTransferTimingMode === "full_prompt"
        ? this.context.trace.inputLength[request]!
        : this.decodeOf.get(request)!.member.worker.freshBlocks(request) * prefillEngine.blockSize;
    const delayNs = transferNs(tokens, prefillEngine.kvBytesPerToken, prefillEngine.kvTransferBandwidth);
    if (delayNs > 0) this.transfers.start(request, this.ordinal[request]!, nowNs + delayNs);
    else this.actions.push({ kind: "activate", request });
  }

  private activate(action: Action, nowNs: number): void {
    const station = this.idleDestination(action, nowNs);
    if (station === null) return;
    this.decodeOf.delete(action.request);
    station.member.worker.activate(action.request, nowNs);
    this.actions.push({ kind: "release", request: action.request });
    this.tryReserve(station, nowNs);
  }

  /** Takes a refused prompt back from its worker, once that is idle. */
  private cancel(action: Action, nowNs: number): void {
    const station = this.dispatch.sourceOf.get(action.request)!;
    if (station.member.worker.busyUntilNs > nowNs) station.deferred.push(action);
    else this.actions.push({ kind: "dismiss", request: action.request });
  }

  /** A refused prompt is over: it makes room at the router, and its session goes on. */
  private dismiss(request: number, nowNs: number): void {
    this.dispatch.sourceOf.delete(request);
    this.context.prefillRouter.onLeft([request]);
    this.context.finished?.push(request, nowNs);
    this.dispatch.sendHeldBack(nowNs);
  }

  private release(action: Action, nowNs: number): void {
    const { handoffs, finished, prefillRouter } = this.context;
    const { request } = action;
    const station = this.dispatch.sourceOf.get(request)!;
    const { worker } = station.member;
    if (worker.busyUntilNs > nowNs) {
      station.deferred.push(action);
      return;
    }
    this.dispatch.sourceOf.delete(request);
    // What never got a destination was not handed over; its session goes on when the prompt is let go (measured, 1.4.2).
    if (Number.isNaN(handoffs.destinationReservedNs[request]!)) finished?.push(request, nowNs);
    else handoffs.sourceReleasedNs[request] = nowNs;
    worker.releaseSource(request, nowNs);
    prefillRouter.onLeft([request]);
  }
}
