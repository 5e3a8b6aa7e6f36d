import type { Worker } from "../engine/worker.ts";
import type { Semantics } from "../engine/semantics.ts";
import type { KvTierFigures } from "../engine/tiers/kv-tier-figures.ts";
import { WorkerPool, type PooledWorker } from "../fleet/worker-pool.ts";
import { FailureReason, RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import type { Trace } from "../trace/trace.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { nothingSent, type InterruptedRequest } from "../engine/interruption.ts";
import { Interruptions, type InterruptionHost } from "./interruptions.ts";
import { FinishedQueue } from "./finished-queue.ts";
import { justAfter } from "./just-after.ts";
import { LoadSampler, offeredSeconds } from "./load-sampler.ts";
import type { LoadSamples } from "./load-sampler.ts";
import { PlannerLoop } from "./planner-loop.ts";
import type { Assignment, PoolRouter } from "./pool-router.ts";
import { RequestWatch } from "./request-watch.ts";
import { createPoolRouter } from "./router-factory.ts";
import type { AggregatedTopology, RunConfig } from "./run-config.ts";
import type { Progress, RunParts } from "./run-parts.ts";
import { TrafficRecorder } from "./traffic-recorder.ts";
import { workerFactory, type WorkerFactory } from "./worker-factory.ts";

/**
 * One pool of workers that do prefill and decode, behind a router.
 *
 * At one instant: completions, workers becoming ready, arrivals, starts of passes, removal of drained workers, the
 * planner's tick (planner-findings §2.1). Workers are advanced lazily: a worker runs ahead on its own until the next
 * event that can touch it.
 */
export class AggregatedRun implements RunParts, InterruptionHost {
  readonly factory: WorkerFactory;
  readonly pool: WorkerPool;
  readonly planner: PlannerLoop | null;
  readonly interruptions: Interruptions | null;
  offered = 0;
  private readonly ledger: RequestLedger;
  private readonly source: ArrivalSource;
  private readonly router: PoolRouter<Worker>;
  private readonly traffic: TrafficRecorder | null;
  private readonly loads: LoadSampler | null;
  private readonly watch: RequestWatch | null;
  private readonly finished = new FinishedQueue();
  /** Offers wait for the end of the pass under way (see Semantics). */
  private readonly offersAtPassEnds: boolean;
  private readonly horizonNs: number;
  private readonly inputLength: Int32Array;
  private readonly blockSize: number;
  /** Requests nobody could take when they arrived: no worker was active. */
  private readonly unrouted: number[] = [];
  /** Requests that go on with tokens another worker generated. */
  private readonly begun = new Map<number, InterruptedRequest>();
  private readonly dpSize: number;

  constructor(
    trace: Trace,
    config: RunConfig,
    topology: AggregatedTopology,
    semantics: Semantics,
    ledger: RequestLedger,
    source: ArrivalSource,
  ) {
    this.ledger = ledger;
    this.source = source;
    this.horizonNs = config.maxSimTimeSeconds === null ? Infinity : config.maxSimTimeSeconds * 1e9;
    const { engine } = topology;
    this.inputLength = trace.inputLength;
    this.blockSize = engine.blockSize;
    this.dpSize = engine.dpSize;
    const { client = null, faults = null } = config;
    const interruptible = client !== null || faults !== null;
    this.factory = workerFactory(trace, engine, semantics, ledger, config.engine, this.horizonNs, interruptible);
    this.pool = new WorkerPool("agg", engine.gpusPerWorker, engine.startupSeconds * 1e9, (id) =>
      this.factory.create(id),
    );
    this.interruptions = interruptible ? new Interruptions(client, faults, config.seed, ledger, this) : null;
    this.interruptions?.prepare(this.pool);
    this.pool.addReady(topology.numWorkers, 0);
    this.offersAtPassEnds =
      semantics.singleTargetOffersAtPassEnds &&
      config.replayConcurrency !== null &&
      config.planner === null &&
      topology.numWorkers * engine.dpSize === 1;
    this.router = createPoolRouter(this.pool, "aggregated", engine, trace, config, {
      prefillDoneNs: (request) => ledger.firstTokenNs[request]!,
      leftNs: (request) => ledger.terminalNs[request]!,
    });
    this.loads =
      config.planner === null
        ? new LoadSampler(engine.dpSize, topology.numWorkers * engine.dpSize, offeredSeconds(trace, config))
        : null;
    this.traffic =
      config.planner === null
        ? null
        : new TrafficRecorder(ledger, trace.inputLength, config.planner.seesRequests === true);
    this.watch = config.planner === null ? null : new RequestWatch(ledger, trace.inputLength, null, engine.dpSize);
    const scaled = [{ pool: this.pool, dpSize: engine.dpSize, kvBlocks: engine.numGpuBlocks }];
    const sources = { traffic: this.traffic!, watch: this.watch! };
    this.planner = config.planner === null ? null : new PlannerLoop(config.planner, scaled, semantics, sources);
  }

  get engine(): "aggregated" | "pass-by-pass" {
    return this.factory.engine;
  }

  get tierFigures(): KvTierFigures | null {
    return this.factory.tiers?.figures ?? null;
  }

  get loadSamples(): LoadSamples | null {
    return this.loads?.samples ?? null;
  }

  get pools(): readonly WorkerPool[] {
    return [this.pool];
  }

  *run(): Generator<Progress, void, void> {
    let steps = 0;
    for (;;) {
      const { source, pool, planner } = this;
      // Without a worker nothing that is held back can go.
      const backlog = this.router.backlog > 0 && pool.active.length > 0;
      // What one worker sends over a shared link slows another, so none may run ahead.
      const inStep = backlog || this.factory.tiers?.sharesLinks === true;
      const nextNs = Math.min(
        this.nextOfferNs,
        pool.nextReadyNs,
        planner?.nextTickNs ?? Infinity,
        this.finished.nextNs,
        this.interruptions?.nextNs ?? Infinity,
        backlog ? this.router.nextReleaseNs : Infinity,
      );
      if ((source.dependsOnCompletions || inStep) && this.advanceOneWorker(nextNs, inStep)) {
        if ((++steps & 0x3ff) === 0) yield { nowNs: Math.min(nextNs, this.horizonNs), offered: this.offered };
        continue;
      }
      if (nextNs === Infinity || nextNs > this.horizonNs) break;
      while (this.finished.nextNs === nextNs) this.tellSource(this.finished.pop(), nextNs);
      if (pool.nextReadyNs <= nextNs) {
        pool.activateReady(nextNs);
        this.routeBacklog(nextNs);
      }
      this.interruptions?.run(nextNs);
      if (this.router.backlog > 0) this.sendHeldBack(nextNs);
      while (source.nextNs <= nextNs) this.offer(source.take(), nextNs);
      if (planner !== null && planner.nextTickNs <= nextNs && !this.tick(nextNs)) break;
      if ((++steps & 0xff) === 0) yield { nowNs: nextNs, offered: this.offered };
    }
    for (const member of this.pool.serving()) {
      member.worker.advance(this.horizonNs, false);
      this.collect(member);
    }
    if (this.interruptions !== null && this.horizonNs === Infinity) this.failUnrouted();
  }

  /** No worker is left, and none will come: what still waits for one fails. */
  private failUnrouted(): void {
    const { ledger } = this;
    const { failures } = this.interruptions!;
    const failedNs = (failures.at(-1)?.atSeconds ?? 0) * 1e9;
    const lastNs = ledger.terminalNs.reduce((last, atNs) => (atNs > last ? atNs : last), failedNs);
    this.unrouted.length = 0;
    if (this.pool.size > 0) return;
    for (let request = 0; request < ledger.count; request++) {
      if (Number.isNaN(ledger.arrivalNs[request]!) || ledger.status[request] !== RequestStatus.pending) continue;
      ledger.status[request] = RequestStatus.failed;
      ledger.reason[request] = FailureReason.workerFailed;
      ledger.terminalNs[request] = Math.max(lastNs, ledger.arrivalNs[request]!, ledger.lastTokenNs[request]! || 0);
    }
  }

  private tellSource(request: number, atNs: number): void {
    const { interruptions } = this;
    // It was taken out of the pass that was to end it.
    if (interruptions !== null && this.ledger.terminalNs[request] !== atNs) return;
    this.source.onTerminal(request, atNs, interruptions?.isAbandoned(request) ?? false);
  }

  private get nextOfferNs(): number {
    const { nextNs } = this.source;
    return this.offersAtPassEnds ? Math.max(nextNs, this.pool.active[0]?.worker.busyUntilNs ?? 0) : nextNs;
  }

  private offer(request: number, atNs: number): void {
    this.ledger.arrivalNs[request] = atNs;
    this.offered++;
    this.traffic?.onOffered(request);
    this.watch?.onOffered(request);
    this.interruptions?.onOffered(request, atNs);
    this.route(request, atNs);
  }

  bringUp(request: number, atNs: number): void {
    const member = this.memberOf(request);
    if (member === undefined) return;
    member.worker.advance(atNs, false);
    this.collect(member);
  }

  private memberOf(request: number): PooledWorker | undefined {
    const index = this.ledger.workerIndex[request]!;
    return index < 0 ? undefined : this.pool.find(Math.floor(index / this.dpSize));
  }

  takeOut(request: number, atNs: number): InterruptedRequest | null {
    const { ledger } = this;
    let interrupted: InterruptedRequest | null = nothingSent();
    const waiting = this.unrouted.indexOf(request);
    if (ledger.workerIndex[request]! >= 0) {
      const member = this.memberOf(request);
      if (member === undefined) return null;
      this.bringUp(request, atNs);
      if (ledger.terminalNs[request]! <= atNs) return null;
      interrupted = member.worker.interrupt!(request, atNs);
      if (interrupted === null) return null;
      this.traffic?.onTakenOut(request);
    } else if (waiting >= 0) {
      this.unrouted.splice(waiting, 1);
      interrupted = this.begun.get(request) ?? interrupted;
    }
    this.begun.delete(request);
    ledger.terminalNs[request] = atNs;
    this.router.withdraw(request, atNs);
    return interrupted;
  }

  sendAgain(request: number, atNs: number, begun: InterruptedRequest | null): void {
    if (begun === null) {
      this.traffic?.onOffered(request);
      this.watch?.onOffered(request);
    } else this.begun.set(request, begun);
    this.route(request, atNs);
  }

  onGone(request: number, atNs: number): void {
    this.traffic?.onLeft([request]);
    if (this.source.dependsOnCompletions) this.finished.push(request, atNs);
  }

  requestsOf(member: PooledWorker, _pool: WorkerPool, atNs: number): number[] {
    if (member.state === "starting") return [];
    member.worker.advance(atNs, false);
    this.collect(member);
    const { workerIndex, terminalNs } = this.ledger;
    const held: number[] = [];
    for (let request = 0; request < workerIndex.length; request++) {
      const index = workerIndex[request]!;
      if (index < 0 || Math.floor(index / this.dpSize) !== member.id) continue;
      if (!(terminalNs[request]! <= atNs)) held.push(request);
    }
    return held;
  }

  onWorkerGone(): void {}

  isDone(atNs: number): boolean {
    if (this.source.remaining > 0 || this.unrouted.length > 0 || this.router.backlog > 0) return false;
    if (this.finished.nextNs <= atNs) return false;
    let idle = true;
    for (const member of this.pool.serving()) {
      member.worker.advance(atNs, false);
      this.collect(member);
      if (member.worker.inSystem > 0 || member.worker.busyUntilNs > atNs) idle = false;
    }
    return idle && this.finished.nextNs === Infinity;
  }

  private route(request: number, atNs: number): void {
    const { active } = this.pool;
    if (active.length === 0) {
      this.unrouted.push(request);
      return;
    }
    if (this.router.looksAtWorkers) this.advanceAll(atNs);
    const assignment = this.router.route(request, atNs);
    if (assignment !== null) this.send(assignment, atNs);
    else for (const refused of this.router.takeRefused()) this.refuse(refused, atNs);
  }

  /** A request leaves because too many of its class wait in the router. */
  private refuse(request: number, atNs: number): void {
    const { ledger } = this;
    if (this.interruptions?.onRefused(request, atNs) === true) return;
    ledger.status[request] = RequestStatus.rejected;
    ledger.reason[request] = FailureReason.routerQueueFull;
    ledger.terminalNs[request] = atNs;
    this.traffic?.onLeft([request]);
    if (this.source.dependsOnCompletions) this.finished.push(request, atNs);
  }

  private send({ request, member, rank, overlapBlocks }: Assignment<Worker>, atNs: number): void {
    member.worker.advance(atNs, false);
    this.loads?.visit("agg", member, atNs);
    const begun = this.begun.get(request);
    if (begun === undefined) member.worker.enqueue(request, atNs, rank);
    else {
      member.worker.resume!(request, begun, atNs, rank);
      this.begun.delete(request);
    }
    if (this.router.looksAtWorkers) this.traffic?.onRouted(overlapBlocks, this.promptBlocks(request));
  }

  /** Requests the router held back and lets go now. */
  private sendHeldBack(atNs: number): void {
    if (this.pool.active.length === 0) return;
    this.advanceAll(atNs);
    for (;;) {
      const assignment = this.router.next(atNs);
      if (assignment === null) return;
      this.send(assignment, atNs);
    }
  }

  private advanceAll(atNs: number): void {
    for (const member of this.pool.active) {
      if (member.worker.nextStartNs >= atNs) continue;
      member.worker.advance(atNs, false);
      this.collect(member);
    }
  }

  private promptBlocks(request: number): number {
    return Math.ceil(this.inputLength[request]! / this.blockSize);
  }

  private routeBacklog(atNs: number): void {
    for (const request of this.unrouted.splice(0)) this.route(request, atNs);
  }

  /**
   * Lets the worker whose next pass starts first run, no further than the next start of another or `limitNs`, and
   * only until it finishes a request (or a single pass). False when nobody's next pass starts before `limitNs`.
   */
  private advanceOneWorker(limitNs: number, onePass: boolean): boolean {
    let first: PooledWorker | null = null;
    let firstNs = Math.min(limitNs, this.horizonNs);
    let secondNs = firstNs;
    for (const member of this.pool.serving()) {
      const startNs = member.worker.nextStartNs;
      if (startNs < firstNs) {
        secondNs = firstNs;
        firstNs = startNs;
        first = member;
      } else if (startNs < secondNs) secondNs = startNs;
    }
    if (first === null) return false;
    if (secondNs > firstNs) this.advanceWorker(first, onePass ? justAfter(firstNs) : secondNs);
    else {
      // Passes due at one instant all start before anything one of them ends at once can have consequences.
      for (const member of this.pool.serving()) {
        if (member.worker.nextStartNs === firstNs) this.advanceWorker(member, justAfter(firstNs));
      }
    }
    return true;
  }

  private advanceWorker(member: PooledWorker, untilNs: number): void {
    member.worker.advance(untilNs, true);
    this.collect(member);
  }

  private collect(member: PooledWorker): void {
    const requests = member.worker.takeFinished();
    if (requests.length === 0) return;
    this.router.onLeft(requests);
    this.traffic?.onLeft(requests);
    if (!this.source.dependsOnCompletions) return;
    for (const request of requests) {
      const atNs = this.ledger.terminalNs[request]!;
      if (atNs <= this.horizonNs) this.finished.push(request, atNs);
    }
  }

  /** One tick of the planner; false when all work is done, which ends the ticking. */
  private tick(atNs: number): boolean {
    let unfinished =
      (this.interruptions?.waiting ?? 0) > 0 ||
      this.source.remaining > 0 ||
      this.unrouted.length > 0 ||
      this.router.backlog > 0;
    for (const member of this.pool.serving()) {
      member.worker.advance(atNs, false);
      this.collect(member);
      this.traffic!.onForwards(member.worker, atNs);
      if (member.worker.inSystem > 0 || member.worker.busyUntilNs > atNs) unfinished = true;
    }
    if (!unfinished) return false;
    this.planner!.tick(atNs);
    if (this.pool.active.length > 0) this.routeBacklog(atNs);
    return true;
  }
}
