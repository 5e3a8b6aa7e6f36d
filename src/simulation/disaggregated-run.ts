import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { Semantics } from "../engine/semantics.ts";
import { WorkerPool, type PooledWorker } from "../fleet/worker-pool.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import { FailureReason, RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import type { Trace } from "../trace/trace.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { FinishedQueue } from "./finished-queue.ts";
import { justAfter } from "./just-after.ts";
import { PlannerLoop } from "./planner-loop.ts";
import type { Assignment, PoolRouter } from "./pool-router.ts";
import { createPoolRouter } from "./router-factory.ts";
import type { DisaggregatedTopology, RunConfig } from "./run-config.ts";
import type { Progress, RunParts } from "./run-parts.ts";
import { newStation, type Action, type Station } from "./station.ts";
import { TrafficRecorder } from "./traffic-recorder.ts";
import { TransferQueue, transferNs } from "./transfer-queue.ts";
import { handoffWorkerFactory } from "./worker-factory.ts";

/**
 * A prefill pool and a decode pool with the hand-off between them (engine-reference §7, other-engines-findings §2):
 * arrival → prefill worker → source held → destination reserved → transfer → activated, source released → decode.
 *
 * At one instant, until nothing changes: ends of passes, workers ready, ends of transfers, arrivals, queued actions,
 * starts of prefill passes (lowest worker first; a pass of no length ends at once), starts of decode passes; then the
 * planner. A decode worker that nobody waits for runs ahead on its own until something touches it.
 */
export class DisaggregatedRun implements RunParts {
  readonly engine: "aggregated" | "pass-by-pass";
  readonly planner: PlannerLoop | null;
  readonly pools: readonly [WorkerPool<PrefillWorker>, WorkerPool<DecodeWorker>];
  offered = 0;
  private readonly trace: Trace;
  private readonly topology: DisaggregatedTopology;
  private readonly semantics: Semantics;
  private readonly ledger: RequestLedger;
  private readonly handoffs: HandoffColumns;
  private readonly source: ArrivalSource;
  private readonly prefillPool: WorkerPool<PrefillWorker>;
  private readonly decodePool: WorkerPool<DecodeWorker>;
  private readonly stations = new Map<PooledWorker<PrefillWorker | DecodeWorker>, Station>();
  /** Where each request under way is, so that workers that are gone can be forgotten. */
  private readonly prefillOf = new Map<number, Station<PrefillWorker>>();
  private readonly decodeOf = new Map<number, Station<DecodeWorker>>();
  private actions: Action[] = [];
  /** Actions that found their pool without an active worker. */
  private parked: Action[] = [];
  private readonly transfers = new TransferQueue();
  private readonly finished = new FinishedQueue();
  private readonly ordinal: Int32Array;
  private readonly prefillRouter: PoolRouter<PrefillWorker>;
  private readonly decodeRouter: PoolRouter<DecodeWorker>;
  private readonly traffic: TrafficRecorder | null;
  private readonly horizonNs: number;
  private nowNs = 0;

  constructor(
    trace: Trace,
    config: RunConfig,
    topology: DisaggregatedTopology,
    semantics: Semantics,
    ledger: RequestLedger,
    handoffs: HandoffColumns,
    source: ArrivalSource,
  ) {
    this.trace = trace;
    this.topology = topology;
    this.semantics = semantics;
    this.ledger = ledger;
    this.handoffs = handoffs;
    this.source = source;
    this.horizonNs = config.maxSimTimeSeconds === null ? Infinity : config.maxSimTimeSeconds * 1e9;
    this.ordinal = new Int32Array(trace.count);
    const factory = handoffWorkerFactory(trace, topology, semantics, ledger, handoffs, config.engine, this.horizonNs);
    this.engine = factory.engine;
    const { prefillEngine, decodeEngine } = topology;
    const prefillPool = new WorkerPool(
      "prefill",
      prefillEngine.gpusPerWorker,
      prefillEngine.startupSeconds * 1e9,
      (id) => factory.createPrefill(id),
    );
    const decodePool = new WorkerPool("decode", decodeEngine.gpusPerWorker, decodeEngine.startupSeconds * 1e9, (id) =>
      factory.createDecode(id),
    );
    prefillPool.addReady(topology.numPrefillWorkers, 0);
    decodePool.addReady(topology.numDecodeWorkers, 0);
    this.prefillPool = prefillPool;
    this.decodePool = decodePool;
    this.pools = [prefillPool, decodePool];
    const leftNs = (request: number) => ledger.terminalNs[request]!;
    const heldNs = (request: number) => handoffs.sourceHeldNs[request]!;
    this.prefillRouter = createPoolRouter(prefillPool, "prefill", prefillEngine, trace, config, {
      prefillDoneNs: heldNs,
      leftNs: (request) => (Number.isNaN(heldNs(request)) ? leftNs(request) : heldNs(request)),
    });
    this.decodeRouter = createPoolRouter(decodePool, "decode", decodeEngine, trace, config, {
      prefillDoneNs: leftNs,
      leftNs,
    });
    this.traffic = config.planner === null ? null : new TrafficRecorder(ledger, trace.inputLength);
    const scaled = this.pools.map((pool) => ({ pool, dpSize: 1 }));
    this.planner = config.planner === null ? null : new PlannerLoop(config.planner, scaled, semantics, this.traffic!);
  }

  *run(): Generator<Progress, void, void> {
    let steps = 0;
    for (;;) {
      const nowNs = this.nextEventNs();
      if (nowNs > this.horizonNs && nowNs !== Infinity) break;
      if (nowNs === Infinity) {
        if (!this.failStuck()) break;
        continue;
      }
      this.nowNs = nowNs;
      this.settle(nowNs);
      if (this.planner !== null && this.planner.nextTickNs <= nowNs && !this.tick(nowNs))
        this.planner.nextTickNs = Infinity;
      if ((++steps & 0xff) === 0) yield { nowNs, offered: this.offered };
    }
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        member.worker.advance(justAfter(this.horizonNs), false);
        this.collect(member.worker);
      }
    }
  }

  /**
   * Nothing can happen any more, and yet requests are under way: pools too small for prompts that wait for each other.
   * All of them fail; false when there are none. (The reference gives such a run up.)
   */
  private failStuck(): boolean {
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        if (member.worker.nextStartNs === Infinity) continue;
        member.worker.advance(Math.min(Infinity, justAfter(this.horizonNs)), false);
        this.collect(member.worker);
      }
    }
    const { ledger } = this;
    let failed = 0;
    for (let request = 0; request < ledger.count; request++) {
      if (Number.isNaN(ledger.arrivalNs[request]!) || ledger.status[request] !== RequestStatus.pending) continue;
      if (this.horizonNs !== Infinity) return false;
      ledger.status[request] = RequestStatus.failed;
      ledger.reason[request] = FailureReason.outgrewKvPool;
      ledger.terminalNs[request] = this.nowNs;
      failed++;
      if (this.source.dependsOnCompletions) this.finished.push(request, this.nowNs);
    }
    return failed > 0;
  }

  private nextEventNs(): number {
    let next = Math.min(
      this.source.nextNs,
      this.prefillPool.nextReadyNs,
      this.decodePool.nextReadyNs,
      this.transfers.nextNs,
      this.finished.nextNs,
      this.planner?.nextTickNs ?? Infinity,
    );
    for (const station of this.stations.values()) if (station.endNs < next) next = station.endNs;
    return next;
  }

  /** Does everything due at `nowNs`, in rounds, until nothing changes. */
  private settle(nowNs: number): void {
    for (;;) {
      this.completePasses(nowNs);
      this.prefillPool.activateReady(nowNs);
      this.decodePool.activateReady(nowNs);
      this.unpark();
      this.sendHeldBack(nowNs);
      while (this.transfers.nextNs <= nowNs) this.actions.push({ kind: "activate", request: this.transfers.pop() });
      while (this.finished.nextNs <= nowNs) this.source.onTerminal(this.finished.pop(), nowNs);
      while (this.source.nextNs <= nowNs) this.offer(this.source.take(), nowNs);
      this.drainActions(nowNs);
      for (const member of this.prefillPool.serving()) this.startPasses(this.station("prefill", member), nowNs);
      const again = () => this.actions.length > 0 || this.finished.nextNs <= nowNs || this.source.nextNs <= nowNs;
      for (const member of this.decodePool.serving()) {
        const station = this.station("decode", member);
        if (again() || this.isWatched(station)) this.startPasses(station, nowNs);
      }
      if (!again()) return;
    }
  }

  private offer(request: number, atNs: number): void {
    this.ledger.arrivalNs[request] = atNs;
    this.ordinal[request] = this.offered++;
    this.traffic?.onOffered();
    this.actions.push({ kind: "submit", request });
  }

  /** Ends the watched passes that end now, in the order the semantics give. */
  private completePasses(nowNs: number): void {
    const due: Station[] = [];
    for (const station of this.stations.values()) if (station.endNs <= nowNs) due.push(station);
    if (due.length > 1) due.sort((a, b) => this.completionOrder(a, b));
    for (const station of due) this.complete(station, nowNs);
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
    if (station.deferred.length > 0) this.actions.push(...station.deferred.splice(0));
    if (station.heldLater.length > 0) this.takeHeld(station, nowNs);
    if (reserved >= 0) this.actions.push({ kind: "transfer", request: reserved });
  }

  /** Sends the prompts whose pass has ended on their way. */
  private takeHeld(station: Station, nowNs: number): void {
    const held = station.heldLater;
    station.heldLater = [];
    for (const request of held) {
      if (this.handoffs.sourceHeldNs[request]! <= nowNs) this.actions.push({ kind: "choose", request });
      else station.heldLater.push(request);
    }
  }

  /** Starts the passes of a worker that are due; those of no length end at once. */
  private startPasses(station: Station, nowNs: number): void {
    const { worker } = station.member;
    while (worker.nextStartNs <= nowNs) {
      let ended = worker.passes;
      worker.advance(justAfter(nowNs), true);
      this.collect(worker);
      if (station.role === "prefill")
        for (const request of (worker as PrefillWorker).takeHeld()) station.heldLater.push(request);
      const busy = worker.busyUntilNs > nowNs;
      ended = worker.passes - ended - (busy ? 1 : 0);
      if (ended > 0) this.complete(station, nowNs);
      if (busy) station.endNs = worker.busyUntilNs;
    }
  }

  private drainActions(nowNs: number): void {
    // Actions appended while this loop runs are done by it too.
    const { actions } = this;
    for (let i = 0; i < actions.length; i++) this.act(actions[i]!, nowNs);
    if (actions.length > 0) this.actions = [];
  }

  /** Takes up parked actions whose pool has an active worker again. */
  private unpark(): void {
    if (this.parked.length === 0) return;
    const { prefillPool, decodePool } = this;
    const canRun = (action: Action) => (action.kind === "submit" ? prefillPool : decodePool).active.length > 0;
    this.actions.push(...this.parked.filter(canRun));
    this.parked = this.parked.filter((action) => !canRun(action));
  }

  private act(action: Action, nowNs: number): void {
    const { request } = action;
    switch (action.kind) {
      case "submit":
        if (this.prefillPool.active.length === 0) this.parked.push(action);
        else this.submit(request, nowNs);
        return;
      case "choose":
        if (this.decodePool.active.length === 0) this.parked.push(action);
        else this.chooseDestination(request, nowNs);
        return;
      case "transfer":
        this.startTransfer(request);
        return;
      case "activate":
        this.activate(action, nowNs);
        return;
      case "release":
        this.release(action, nowNs);
    }
  }

  private submit(request: number, nowNs: number): void {
    this.sendToPrefill(this.prefillRouter.route(request, nowNs), nowNs);
  }

  /** Requests the prefill router held back and lets go now. */
  private sendHeldBack(nowNs: number): void {
    while (this.prefillRouter.backlog > 0 && this.prefillPool.active.length > 0) {
      const assignment = this.prefillRouter.next(nowNs);
      if (assignment === null) return;
      this.sendToPrefill(assignment, nowNs);
    }
  }

  private sendToPrefill(assignment: Assignment<PrefillWorker> | null, nowNs: number): void {
    if (assignment === null) return;
    const { request, member, overlapBlocks } = assignment;
    if (this.prefillRouter.looksAtWorkers) {
      const blocks = Math.ceil(this.trace.inputLength[request]! / this.topology.prefillEngine.blockSize);
      this.traffic?.onRouted(overlapBlocks, blocks);
    }
    const station = this.station("prefill", member) as Station<PrefillWorker>;
    this.prefillOf.set(request, station);
    this.touch(station, nowNs);
    member.worker.enqueue(request, nowNs);
  }

  private chooseDestination(request: number, nowNs: number): void {
    if (this.decodeRouter.looksAtWorkers) {
      for (const each of this.decodePool.active) this.touch(this.station("decode", each), nowNs);
    }
    const { member } = this.decodeRouter.route(request, nowNs)!;
    const station = this.station("decode", member) as Station<DecodeWorker>;
    this.decodeOf.set(request, station);
    this.touch(station, nowNs);
    const { blockSize, numGpuBlocks, engineType } = this.topology.decodeEngine;
    const promised = engineType === "trtllm" ? this.trace.outputLength[request]! : 0;
    if (Math.ceil((this.trace.inputLength[request]! + promised) / blockSize) > numGpuBlocks) {
      this.rejectDestination(request, nowNs);
      return;
    }
    member.worker.offerDestination(request);
    this.tryReserve(station, nowNs);
  }

  /** The prompt can never fit a decode worker. */
  private rejectDestination(request: number, nowNs: number): void {
    this.ledger.status[request] = RequestStatus.failed;
    this.ledger.reason[request] = FailureReason.promptExceedsKvPool;
    this.ledger.terminalNs[request] = nowNs;
    this.traffic?.onLeft([request]);
    if (this.source.dependsOnCompletions) this.finished.push(request, nowNs);
    this.actions.push({ kind: "release", request });
  }

  private tryReserve(station: Station<DecodeWorker>, nowNs: number): void {
    const { worker } = station.member;
    if (worker.busyUntilNs <= nowNs) {
      const reserved = worker.tryReserve(nowNs);
      if (reserved >= 0) this.actions.push({ kind: "transfer", request: reserved });
    }
    this.watch(station, nowNs);
  }

  private startTransfer(request: number): void {
    const { prefillEngine } = this.topology;
    const tokens =
      prefillEngine.kvTransferTimingMode === "full_prompt"
        ? this.trace.inputLength[request]!
        : this.decodeOf.get(request)!.member.worker.freshBlocks(request) * prefillEngine.blockSize;
    const delayNs = transferNs(tokens, prefillEngine.kvBytesPerToken, prefillEngine.kvTransferBandwidth);
    if (delayNs > 0) {
      this.transfers.start(request, this.ordinal[request]!, this.handoffs.destinationReservedNs[request]! + delayNs);
    } else this.actions.push({ kind: "activate", request });
  }

  private activate(action: Action, nowNs: number): void {
    const station = this.decodeOf.get(action.request)!;
    const { worker } = station.member;
    this.touch(station, nowNs);
    if (worker.busyUntilNs > nowNs) {
      station.deferred.push(action);
      this.watch(station, nowNs);
      return;
    }
    this.decodeOf.delete(action.request);
    worker.activate(action.request, nowNs);
    this.actions.push({ kind: "release", request: action.request });
    this.tryReserve(station, nowNs);
  }

  private release(action: Action, nowNs: number): void {
    const station = this.prefillOf.get(action.request)!;
    const { worker } = station.member;
    if (worker.busyUntilNs > nowNs) {
      station.deferred.push(action);
      return;
    }
    this.prefillOf.delete(action.request);
    this.handoffs.sourceReleasedNs[action.request] = nowNs;
    worker.releaseSource(action.request, nowNs);
  }

  /** Brings a worker that ran on its own up to now. */
  private touch(station: Station, nowNs: number): void {
    const { worker } = station.member;
    if (station.endNs !== Infinity || worker.nextStartNs >= nowNs) return;
    worker.advance(nowNs, false);
    this.collect(worker);
  }

  /** Whether the ends of a decode worker's passes are events. */
  private isWatched(station: Station): boolean {
    return (
      this.source.dependsOnCompletions ||
      station.deferred.length > 0 ||
      (station as Station<DecodeWorker>).member.worker.pendingDestinations > 0
    );
  }

  private watch(station: Station, nowNs: number): void {
    const { worker } = station.member;
    if (this.isWatched(station) && worker.busyUntilNs > nowNs) station.endNs = worker.busyUntilNs;
  }

  private collect(worker: PrefillWorker | DecodeWorker): void {
    const requests = worker.takeFinished();
    if (requests.length === 0) return;
    this.traffic?.onLeft(requests);
    if (!this.source.dependsOnCompletions) return;
    for (const request of requests) this.finished.push(request, this.ledger.terminalNs[request]!);
  }

  private station(role: "prefill" | "decode", member: PooledWorker<PrefillWorker | DecodeWorker>): Station {
    let station = this.stations.get(member);
    if (station === undefined) {
      station = newStation(role, member);
      this.stations.set(member, station);
    }
    return station;
  }

  /** One tick of the planner; false when all work is done. */
  private tick(atNs: number): boolean {
    let unfinished = this.source.remaining > 0 || this.parked.length > 0 || this.prefillRouter.backlog > 0;
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        if (member.worker.nextStartNs <= atNs) {
          member.worker.advance(justAfter(atNs), false);
          this.collect(member.worker);
        }
        if (pool === this.decodePool) this.traffic!.onForwards(member.worker, atNs);
        if (member.worker.inSystem > 0 || member.worker.busyUntilNs > atNs) unfinished = true;
      }
    }
    if (!unfinished) return false;
    this.planner!.tick(atNs);
    this.unpark();
    if (this.actions.length > 0) this.settle(atNs);
    for (const member of this.stations.keys()) if (member.state === "gone") this.stations.delete(member);
    return true;
  }
}

function startOfLastPass(station: Station): number {
  return station.member.worker.lastPassEndedBy(Infinity, -1)?.startNs ?? -1;
}
