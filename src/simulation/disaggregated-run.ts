import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { Semantics } from "../engine/semantics.ts";
import type { InterruptedRequest } from "../engine/interruption.ts";
import type { KvTierFigures } from "../engine/tiers/kv-tier-figures.ts";
import { WorkerPool, type PooledWorker } from "../fleet/worker-pool.ts";
import type { HandoffColumns } from "../metrics/handoff-columns.ts";
import { FailureReason, RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import type { Trace } from "../trace/trace.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { onOfferGrid } from "../workload/offer-grid.ts";
import { Interruptions, type InterruptionHost } from "./interruptions.ts";
import { FinishedQueue } from "./finished-queue.ts";
import { LoadSampler, offeredSeconds, type LoadSamples } from "./load-sampler.ts";
import { justAfter } from "./just-after.ts";
import { PlannerLoop } from "./planner-loop.ts";
import type { PoolRouter } from "./pool-router.ts";
import { RequestWatch } from "./request-watch.ts";
import { createPoolRouter } from "./router-factory.ts";
import type { DisaggregatedTopology, RunConfig } from "./run-config.ts";
import type { Progress, RunParts } from "./run-parts.ts";
import type { Station } from "./station.ts";
import { StationPasses } from "./station-passes.ts";
import { HandoffActions } from "./handoff-actions.ts";
import { StationBoard } from "./station-board.ts";
import { TrafficRecorder } from "./traffic-recorder.ts";
import { handoffWorkerFactory } from "./worker-factory.ts";

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
  private readonly passes: StationPasses;
  private readonly finished = new FinishedQueue();
  /** Whom prefill workers refused: under 1.4 the workload learns of it after the arrivals of that instant. */
  private readonly refused: FinishedQueue;
  private readonly prefillRouter: PoolRouter<PrefillWorker>;
  private readonly traffic: TrafficRecorder | null;
  private readonly watch: RequestWatch | null;
  private readonly loads: LoadSampler | null;
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
    this.ledger = ledger;
    this.handoffs = handoffs;
    this.source = source;
    this.horizonNs = config.maxSimTimeSeconds === null ? Infinity : config.maxSimTimeSeconds * 1e9;
    const { client = null, faults = null } = config;
    const interruptible = client !== null || faults !== null;
    const conditional = config.routerMode === "kv_router" ? (config.kvRouter?.conditionalDisaggregation ?? null) : null;
    const factory = handoffWorkerFactory(
      trace,
      topology,
      semantics,
      ledger,
      handoffs,
      config.engine,
      this.horizonNs,
      interruptible,
      conditional !== null,
    );
    this.engine = factory.engine;
    this.tierFigures = factory.tiers?.figures ?? null;
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
    this.pools = [prefillPool, decodePool];
    this.interruptions = interruptible ? new Interruptions(client, faults, config.seed, ledger, this) : null;
    this.interruptions?.prepare(prefillPool);
    this.interruptions?.prepare(decodePool);
    prefillPool.addReady(topology.numPrefillWorkers, 0);
    decodePool.addReady(topology.numDecodeWorkers, 0);
    this.prefillPool = prefillPool;
    this.decodePool = decodePool;
    const leftNs = (request: number) => ledger.terminalNs[request]!;
    this.prefillRouter = createPoolRouter(prefillPool, "prefill", prefillEngine, trace, config, {
      prefillDoneNs: (request) => handoffs.sourceHeldNs[request]!,
      // A prompt that was held is there until it is released, even if its answer is complete before.
      leftNs: (request) =>
        Number.isNaN(handoffs.sourceHeldNs[request]!) ? leftNs(request) : handoffs.sourceReleasedNs[request]!,
    });
    const decodeRouter = createPoolRouter(decodePool, "decode", decodeEngine, trace, config, {
      prefillDoneNs: leftNs,
      leftNs,
    });
    this.traffic =
      config.planner === null
        ? null
        : new TrafficRecorder(ledger, trace.inputLength, config.planner.seesRequests === true);
    this.refused = semantics.refusalsAfterArrivals ? new FinishedQueue() : this.finished;
    const finished = source.dependsOnCompletions ? this.finished : null;
    const refused = source.dependsOnCompletions ? this.refused : null;
    const engines = topology.numPrefillWorkers + topology.numDecodeWorkers;
    this.loads = config.planner === null ? new LoadSampler(1, engines, offeredSeconds(trace, config)) : null;
    const { prefillRouter, traffic, loads } = this;
    const board = new StationBoard(ledger, traffic, finished, refused);
    this.board = board;
    this.actions = new HandoffActions({
      trace,
      topology,
      semantics,
      ledger,
      handoffs,
      prefillPool,
      decodePool,
      prefillRouter,
      decodeRouter,
      conditional,
      board,
      traffic,
      loads,
      finished,
    });
    this.passes = new StationPasses(semantics, handoffs, board, this.actions);
    this.watch = config.planner === null ? null : new RequestWatch(ledger, trace.inputLength, handoffs, 1);
    const scaled = [
      { pool: prefillPool, dpSize: 1, kvBlocks: prefillEngine.numGpuBlocks },
      { pool: decodePool, dpSize: 1, kvBlocks: decodeEngine.numGpuBlocks },
    ];
    const sources = { traffic: this.traffic!, watch: this.watch! };
    this.planner = config.planner === null ? null : new PlannerLoop(config.planner, scaled, semantics, sources);
  }

  get loadSamples(): LoadSamples | null {
    return this.loads?.samples ?? null;
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
      for (const member of pool.serving()) {
        member.worker.advance(justAfter(this.horizonNs), false);
        this.board.collect(roleOf(pool), member.worker);
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
        this.board.collect(roleOf(pool), member.worker);
      }
    }
    const { ledger } = this;
    const atNs = onOfferGrid(this.nowNs);
    let failed = 0;
    for (let request = 0; request < ledger.count; request++) {
      if (Number.isNaN(ledger.arrivalNs[request]!) || ledger.status[request] !== RequestStatus.pending) continue;
      if (this.horizonNs !== Infinity) return false;
      ledger.status[request] = RequestStatus.failed;
      const noWorker = this.interruptions !== null && this.pools.some(({ active }) => active.length === 0);
      ledger.reason[request] = noWorker ? FailureReason.workerFailed : FailureReason.outgrewKvPool;
      // A decode worker may have run ahead on its own, and a closed loop offers between the points of the grid.
      ledger.terminalNs[request] = Math.max(atNs, ledger.arrivalNs[request]!, ledger.lastTokenNs[request]! || 0);
      failed++;
      this.board.givenUp.add(request);
      if (this.source.dependsOnCompletions) this.finished.push(request, ledger.terminalNs[request]!);
    }
    return failed > 0;
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
      this.refused.nextNs,
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
      this.actions.sendHeldBack(nowNs);
      this.actions.endTransfers(nowNs);
      this.tellTerminal(this.finished, nowNs);
      while (this.source.nextNs <= nowNs) this.offer(this.source.take(), nowNs);
      this.actions.drain(nowNs);
      this.tellTerminal(this.refused, nowNs);
      for (const member of this.prefillPool.serving()) {
        if (member.worker.nextStartNs <= nowNs) this.passes.start(this.board.of("prefill", member), nowNs);
      }
      const again = () =>
        !this.actions.isEmpty ||
        this.finished.nextNs <= nowNs ||
        this.refused.nextNs <= nowNs ||
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
      if (interruptions !== null && this.ledger.terminalNs[request] !== atNs) continue;
      this.source.onTerminal(request, nowNs, interruptions?.isAbandoned(request) ?? false);
    }
  }

  private offer(request: number, atNs: number): void {
    this.ledger.arrivalNs[request] = atNs;
    this.offered++;
    this.traffic?.onOffered(request);
    this.watch?.onOffered(request);
    this.interruptions?.onOffered(request, atNs);
    this.actions.offer(request);
  }

  bringUp(request: number, atNs: number): void {
    this.actions.bringUp(request, atNs);
  }

  takeOut(request: number, atNs: number): InterruptedRequest | null {
    const interrupted = this.actions.takeOut(request, atNs);
    if (interrupted !== null) this.traffic?.onTakenOut(request);
    return interrupted;
  }

  /** Whatever it had begun elsewhere, a request starts over: its prompt is gone with the worker that held it. */
  sendAgain(request: number, _atNs: number, begun: InterruptedRequest | null): void {
    this.handoffs.reset(request);
    if (begun === null) {
      this.traffic?.onOffered(request);
      this.watch?.onOffered(request);
    } else {
      this.interruptions!.wastedTokens += begun.generated;
      this.ledger.reset(request);
    }
    this.actions.offer(request);
  }

  onGone(request: number, atNs: number): void {
    this.traffic?.onLeft([request]);
    if (this.source.dependsOnCompletions) this.finished.push(request, atNs);
  }

  requestsOf(member: PooledWorker, pool: WorkerPool, atNs: number): number[] {
    if (member.state === "starting") return [];
    if (pool.name === "prefill") return this.actions.prefillRequestsOf(member as PooledWorker<PrefillWorker>);
    this.board.touch(this.board.of("decode", member as PooledWorker<DecodeWorker>), atNs);
    const { workerIndex, terminalNs } = this.ledger;
    const held: number[] = [];
    for (let request = 0; request < workerIndex.length; request++) {
      if (workerIndex[request] === member.id && !(terminalNs[request]! <= atNs)) held.push(request);
    }
    return held;
  }

  onWorkerGone(member: PooledWorker): void {
    this.actions.onPrefillWorkerGone(member as PooledWorker<PrefillWorker>);
    this.board.forgetGone();
  }

  isDone(atNs: number): boolean {
    if (this.source.remaining > 0 || this.actions.hasParked || this.prefillRouter.backlog > 0) return false;
    if (!this.actions.isEmpty || this.actions.nextTransferNs !== Infinity) return false;
    if (this.finished.nextNs !== Infinity || this.refused.nextNs !== Infinity) return false;
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        this.board.touch(this.board.of(roleOf(pool), member), atNs);
        if (member.worker.inSystem > 0 || member.worker.busyUntilNs > atNs) return false;
      }
    }
    return true;
  }

  /** Whether nothing can happen any more but ticks; more workers would not help requests that have theirs. */
  private isStuck(atNs: number): boolean {
    if (this.nextOwnEventNs() !== Infinity || !this.actions.isEmpty || this.actions.hasParked) return false;
    if (this.prefillRouter.backlog > 0) return false;
    for (const pool of this.pools) {
      for (const { worker } of pool.serving()) {
        if (worker.nextStartNs !== Infinity || worker.busyUntilNs > atNs) return false;
      }
    }
    return true;
  }

  /** One tick of the planner; false when all work is done. */
  private tick(atNs: number): boolean {
    let unfinished =
      (this.interruptions?.waiting ?? 0) > 0 ||
      this.source.remaining > 0 ||
      this.actions.hasParked ||
      this.prefillRouter.backlog > 0;
    for (const pool of this.pools) {
      for (const member of pool.serving()) {
        if (member.worker.nextStartNs <= atNs) {
          member.worker.advance(justAfter(atNs), false);
          this.board.collect(roleOf(pool), member.worker);
        }
        if (pool === this.decodePool) this.traffic!.onForwards(member.worker, atNs);
        if (member.worker.inSystem > 0 || member.worker.busyUntilNs > atNs) unfinished = true;
      }
    }
    if (!unfinished) return false;
    if (this.isStuck(atNs)) return this.failStuck();
    this.planner!.tick(atNs);
    this.actions.unpark();
    if (!this.actions.isEmpty) this.settle(atNs);
    this.board.forgetGone();
    return true;
  }
}

function roleOf({ name }: WorkerPool): Station["role"] {
  return name === "prefill" ? "prefill" : "decode";
}
