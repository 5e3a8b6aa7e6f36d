import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { Semantics } from "../engine/semantics.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import type { HandoffActions } from "./handoff-actions.ts";
import type { HandoffContext } from "./handoff-context.ts";
import { justAfter } from "./just-after.ts";
import type { PrefillDispatch } from "./prefill-dispatch.ts";
import type { StationBoard } from "./station-board.ts";
import type { Station } from "./station.ts";

/** Starts and ends the passes of a disaggregated run that are events, and does what their ends set off. */
export class StationPasses {
  private readonly semantics: Semantics;
  private readonly handoffs: HandoffColumns;
  private readonly terminalNs: Float64Array;
  private readonly board: StationBoard;
  private readonly actions: HandoffActions;
  private readonly dispatch: PrefillDispatch;

  constructor(
    { semantics, handoffs, ledger, board }: HandoffContext,
    actions: HandoffActions,
    dispatch: PrefillDispatch,
  ) {
    this.semantics = semantics;
    this.handoffs = handoffs;
    this.terminalNs = ledger.terminalNs;
    this.board = board;
    this.actions = actions;
    this.dispatch = dispatch;
  }

  /** Ends the watched passes that end now, in the order the semantics give. */
  end(nowNs: number): void {
    const due = this.board.endedBy(nowNs);
    if (due.length > 1) due.sort((a, b) => this.completionOrder(a, b));
    for (const station of due) {
      if (station.role === "prefill" && this.board.onRefused === null) {
        this.board.collect("prefill", station.member.worker);
      }
      this.complete(station, nowNs);
    }
  }

  private completionOrder(a: Station, b: Station): number {
    if (this.semantics.completionOrder === "insertion") {
      const byStart = startOfLastPass(a) - startOfLastPass(b);
      if (byStart !== 0) return byStart;
    }
    if (a.role !== b.role) return a.role === "prefill" ? -1 : 1;
    return a.member.id - b.member.id;
  }

  /** A pass has ended: one try for a waiting destination, actions that waited, prompts now held. */
  private complete(station: Station, nowNs: number): void {
    station.endNs = Infinity;
    let reserved = -1;
    if (station.role === "decode") reserved = (station as Station<DecodeWorker>).member.worker.tryReserve(nowNs);
    for (const action of station.deferred) this.actions.add(action);
    station.deferred.length = 0;
    if (station.refused.length > 0) this.takeRefused(station, nowNs);
    if (station.heldLater.length > 0) this.takeHeld(station, nowNs);
    if (reserved >= 0) this.actions.onReserved(reserved);
  }

  /** Sends the prompts whose pass has ended on their way. */
  private takeHeld(station: Station, nowNs: number): void {
    const held = station.heldLater;
    station.heldLater = [];
    for (const request of held) {
      if (this.handoffs.sourceHeldNs[request]! <= nowNs) this.actions.onHeld(request);
      else station.heldLater.push(request);
    }
  }

  /** Takes back the prompts whose refusal has become known. */
  private takeRefused(station: Station, nowNs: number): void {
    const { refused } = station;
    station.refused = [];
    for (const request of refused) {
      if (this.terminalNs[request]! <= nowNs) this.actions.add({ kind: "cancel", request });
      else station.refused.push(request);
    }
  }

  /** Starts the passes of a worker that are due; those of no length end at once. */
  start(station: Station, nowNs: number): void {
    const { worker } = station.member;
    while (worker.nextStartNs <= nowNs) {
      let ended = worker.passes;
      worker.advance(justAfter(nowNs), true);
      const known = station.role === "decode" || this.board.onRefused !== null;
      const someLeft = known && this.board.collect(station.role, worker);
      if (station.role === "prefill")
        for (const request of (worker as PrefillWorker).takeHeld()) station.heldLater.push(request);
      const busy = worker.busyUntilNs > nowNs;
      ended = worker.passes - ended - (busy ? 1 : 0);
      // A hand-off refused without a pass has left its room to another one.
      const refused = someLeft && !busy && station.role === "decode";
      if (ended > 0 || refused) this.complete(station, nowNs);
      else if (station.refused.length > 0) this.takeRefused(station, nowNs);
      // A prompt held at once lets another one in before the next pass.
      if (ended > 0 && station.role === "prefill") this.dispatch.sendHeldBack(nowNs);
      if (busy) station.endNs = worker.busyUntilNs;
      // An idle prefill worker may have to look again when a lower cache tier has brought something back.
      else if (station.role === "prefill") station.endNs = worker.nextStartNs;
    }
    if (station.role === "prefill" && this.board.onRefused === null && worker.busyUntilNs <= nowNs)
      this.board.collect("prefill", worker);
  }
}

function startOfLastPass(station: Station): number {
  return station.member.worker.lastPassEndedBy(Infinity, -1)?.startNs ?? -1;
}
