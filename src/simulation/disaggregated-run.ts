import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { InterruptedRequest } from "../engine/interruption.ts";
import type { KvTierFigures } from "../engine/tiers/kv-tier-figures.ts";
import type { PooledWorker, WorkerPool } from "../fleet/worker-pool.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import { RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { onOfferGrid } from "../workload/offer-grid.ts";
import { InterruptedHandoffs } from "./interrupted-handoffs.ts";
import { Interruptions, type InterruptionHost } from "./interruptions.ts";
import { FinishedQueue } from "./finished-queue.ts";
import { HandoffActions } from "./handoff-actions.ts";
import { createHandoffContext } from "./handoff-context.ts";
import { justAfter } from "./just-after.ts";
import type { LoadSamples } from "./load-sampler.ts";
import type { PlannerLoop } from "./planner-loop.ts";
import { PrefillDispatch } from "./prefill-dispatch.ts";
import { conditionalDisaggregation } from "./run-config.ts";
import type { HandoffInputs } from "./run-inputs.ts";
import type { RunObservers } from "./run-observers.ts";
import type { Progress, RunParts } from "./run-parts.ts";
import { roleOf } from "./station.ts";
import { StationPasses } from "./station-passes.ts";
import type { StationBoard } from "./station-board.ts";
import { UnfinishedHandoffs } from "./unfinished-handoffs.ts";
import { handoffWorkerFactory, poolOf } from "./worker-factory.ts";

/**
 * A prefill pool and a decode pool with the hand-off between them (engine-reference §7, other-engines-findings §2):
 * arrival → prefill worker → source held → destination reserved → transfer → activated, source released → decode.
 *
 * At one instant, until nothing changes: ends of passes, workers ready, ends of transfers, arrivals, queued actions,
 * starts of prefill passes (lowest worker first; a pass of no length ends at once), starts of decode passes; then the
 * planner. A decode worker that nobody waits for runs ahead on its own until something touches it.
 */
export class DisaggregatedRun implements RunParts, InterruptionHost {
  readonly engine: "aggregated" | "pass-by-pass";
  readonly planner: PlannerLoop | null;
  readonly tierFigures: KvTierFigures | null;
  readonly interruptions: Interruptions | null;
  readonly pools: readonly [WorkerPool<PrefillWorker>, WorkerPool<DecodeWorker>];
  offered = 0;
  private readonly ledger: RequestLedger;
  private readonly handoffs: HandoffColumns;
  private readonly source: ArrivalSource;
  private readonly prefillPool: WorkerPool<PrefillWorker>;
  private readonly decodePool: WorkerPool<DecodeWorker>;
  private readonly board: StationBoard;
  private readonly actions: HandoffActions;
  private readonly interrupted: InterruptedHandoffs;
  private readonly dispatch: PrefillDispatch;
  private readonly passes: StationPasses;
  private readonly unfinished: UnfinishedHandoffs;
  private readonly finished = new FinishedQueue();
  private readonly observers: RunObservers;
  private readonly horizonNs: number;
  private nowNs = 0;

  constructor(inputs: HandoffInputs, source: ArrivalSource) {
    const { config, topology, ledger, handoffs } = inputs;
    this.ledger = ledger;
    this.handoffs = handoffs;
    this.source = source;
    this.horizonNs = config.maxSimTimeSeconds === null ? Infinity : config.maxSimTimeSeconds * 1e9;
    const { client = null, faults = null } = config;
    const interruptible = client !== null || faults !== null;
    const use = { preference: config.engine, horizonNs: this.horizonNs, interruptible };
    const computesOnDecode = conditionalDisaggregation(config) !== null;
    const factory = handoffWorkerFactory(inputs, use, computesOnDecode);
    this.engine = factory.engine;
    this.tierFigures = factory.tiers?.figures ?? null;
    const prefillPool = poolOf("prefill", topology.prefillEngine, (id) => factory.createPrefill(id));
    const decodePool = poolOf("decode", topology.decodeEngine, (id) => factory.createDecode(id));
    this.pools = [prefillPool, decodePool];
    this.interruptions = interruptible ? new Interruptions(client, faults, config.seed, ledger, this) : null;
    this.interruptions?.prepare(prefillPool);
    this.interruptions?.prepare(decodePool);
    prefillPool.addReady(topology.numPrefillWorkers, 0);
    decodePool.addReady(topology.numDecodeWorkers, 0);
    this.prefillPool = prefillPool;
    this.decodePool = decodePool;
    const left = source.dependsOnCompletions ? this.finished : null;
    const context = createHandoffContext(inputs, prefillPool, decodePool, left);
    this.observers = context.observers;
    this.planner = context.observers.planner;
    this.board = context.board;
    this.dispatch = new PrefillDispatch(context);
    this.actions = new HandoffActions(context, this.dispatch);
    this.interrupted = new InterruptedHandoffs(context, this.actions, this.dispatch);
    this.passes = new StationPasses(context, this.actions, this.dispatch);
    this.unfinished = new UnfinishedHandoffs(context, this.actions, source, this.finished);
  }

  get loadSamples(): LoadSamples | null {
    return this.observers.loads?.samples ?? null;
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
      this.interruptions?.run(nowNs);
      this.settle(nowNs);
      if (this.planner !== null && this.planner.nextTickNs <= nowNs && !this.tick(nowNs))
        this.planner.nextTickNs = Infinity;
      if ((++steps & 0xff) === 0) yield { nowNs, offered: this.offered };
    }
    for (const pool of this.pools) {
      for (const member of pool.serving()) this.advance(pool, member, this.horizonNs);
    }
  }

  /** Runs a worker through all passes that start up to `atNs`. */
  private advance(pool: WorkerPool, { worker }: PooledWorker<PrefillWorker | DecodeWorker>, atNs: number): void {
    worker.advance(justAfter(atNs), false);
    this.board.collect(roleOf(pool), worker);
  }

  /** Nothing can happen any more; false when there is nothing to give up on either. */
  private failStuck(): boolean {
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        if (member.worker.nextStartNs < Infinity) this.advance(pool, member, this.horizonNs);
      }
    }
    if (this.horizonNs !== Infinity) return false;
    if (this.nextOwnEventNs() !== Infinity) return true;
    for (const member of this.decodePool.serving()) {
      if (!member.worker.giveUpStuck(onOfferGrid(this.nowNs))) continue;
      this.passes.start(this.board.of("decode", member), member.worker.nextStartNs);
      return true;
    }
    return this.unfinished.giveUp(this.nowNs, this.interruptions !== null);
  }

  private nextEventNs(): number {
    return Math.min(this.nextOwnEventNs(), this.planner?.nextTickNs ?? Infinity);
  }

  /** The next event that is not a tick. */
  private nextOwnEventNs(): number {
    return Math.min(
      this.source.nextNs,
      this.prefillPool.nextReadyNs,
      this.decodePool.nextReadyNs,
      this.actions.nextTransferNs,
      this.board.nextEndNs,
      this.finished.nextNs,
      this.interruptions?.nextNs ?? Infinity,
    );
  }

  /** Does everything due at `nowNs`, in rounds, until nothing changes. */
  private settle(nowNs: number): void {
    for (;;) {
      this.passes.end(nowNs);
      this.prefillPool.activateReady(nowNs);
      this.decodePool.activateReady(nowNs);
      this.actions.unpark();
      this.dispatch.sendHeldBack(nowNs);
      this.actions.endTransfers(nowNs);
      this.tellTerminal(this.finished, nowNs);
      while (this.source.nextNs <= nowNs) this.offer(this.source.take(), nowNs);
      this.actions.drain(nowNs);
      for (const member of this.prefillPool.serving()) {
        if (member.worker.nextStartNs <= nowNs) this.passes.start(this.board.of("prefill", member), nowNs);
      }
      const again = () =>
        !this.actions.isEmpty ||
        this.finished.nextNs <= nowNs ||
        this.dispatch.mayFollow(nowNs) ||
        this.source.nextNs <= nowNs;
      for (const member of this.decodePool.serving()) {
        if (member.worker.nextStartNs > nowNs) continue;
        const station = this.board.of("decode", member);
        if (again() || this.board.isWatched(station)) this.passes.start(station, nowNs);
      }
      if (!again()) return;
    }
  }

  private tellTerminal(queue: FinishedQueue, nowNs: number): void {
    const { interruptions } = this;
    while (queue.nextNs <= nowNs) {
      const atNs = queue.nextNs;
      const request = queue.pop();
      // It was taken out of the pass that was to end it.
      if (interruptions !== null && this.ledger.terminalNs[request] !== atNs && !this.hasFailed(request)) continue;
      this.source.onTerminal(request, nowNs, interruptions?.isAbandoned(request) ?? false);
    }
  }

  /** Of a prompt no destination could take, the end is told only when its prefill worker lets it go. */
  private hasFailed(request: number): boolean {
    return this.ledger.status[request] === RequestStatus.failed;
  }

  private offer(request: number, atNs: number): void {
    this.ledger.arrivalNs[request] = atNs;
    this.offered++;
    this.observers.traffic?.onOffered(request);
    this.observers.watch?.onOffered(request);
    this.interruptions?.onOffered(request, atNs);
    this.actions.offer(request);
  }

  bringUp(request: number, atNs: number): void {
    this.interrupted.bringUp(request, atNs);
  }

  takeOut(request: number, atNs: number): InterruptedRequest | null {
    const interrupted = this.interrupted.takeOut(request, atNs);
    if (interrupted !== null) this.observers.traffic?.onTakenOut(request);
    return interrupted;
  }

  /** Whatever it had begun elsewhere, a request starts over: its prompt is gone with the worker that held it. */
  sendAgain(request: number, _atNs: number, begun: InterruptedRequest | null): void {
    this.handoffs.reset(request);
    if (begun === null) {
      this.observers.traffic?.onOffered(request);
      this.observers.watch?.onOffered(request);
    } else {
      this.interruptions!.wastedTokens += begun.generated;
      this.ledger.reset(request);
    }
    this.actions.offer(request);
  }

  onGone(request: number, atNs: number): void {
    this.observers.traffic?.onLeft([request]);
    if (this.source.dependsOnCompletions) this.finished.push(request, atNs);
  }

  requestsOf(member: PooledWorker, pool: WorkerPool, atNs: number): number[] {
    if (member.state === "starting") return [];
    if (pool.name === "prefill") return this.dispatch.requestsOf(member as PooledWorker<PrefillWorker>);
    this.board.touch(this.board.of("decode", member as PooledWorker<DecodeWorker>), atNs);
    const { workerIndex, terminalNs } = this.ledger;
    const held: number[] = [];
    for (let request = 0; request < workerIndex.length; request++) {
      if (workerIndex[request] === member.id && !(terminalNs[request]! <= atNs)) held.push(request);
    }
    return held;
  }

  onWorkerGone(member: PooledWorker): void {
    this.interrupted.onPrefillWorkerGone(member as PooledWorker<PrefillWorker>);
    this.board.forgetGone();
  }

  isDone(atNs: number): boolean {
    return this.finished.nextNs === Infinity && this.unfinished.isDone(atNs);
  }

  /** Whether nothing can happen any more but ticks. */
  private isStuck(atNs: number): boolean {
    return this.nextOwnEventNs() === Infinity && this.unfinished.isStuck(atNs);
  }

  /** One tick of the planner; false when all work is done. */
  private tick(atNs: number): boolean {
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        if (member.worker.nextStartNs <= atNs) this.advance(pool, member, atNs);
        if (pool === this.decodePool) this.observers.traffic!.onForwards(member.worker, atNs);
      }
    }
    const clientsWait = (this.interruptions?.waiting ?? 0) > 0;
    if (!clientsWait && !this.unfinished.outsideWorkers && this.unfinished.workersEmpty(atNs)) return false;
    if (this.isStuck(atNs)) return this.failStuck();
    this.planner!.tick(atNs);
    this.actions.unpark();
    if (!this.actions.isEmpty) this.settle(atNs);
    this.board.forgetGone();
    return true;
  }
}
