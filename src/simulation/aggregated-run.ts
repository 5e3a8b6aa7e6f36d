import type { Worker } from "../engine/worker.ts";
import type { KvTierFigures } from "../engine/tiers/kv-tier-figures.ts";
import { type WorkerPool, type PooledWorker } from "../fleet/worker-pool.ts";
import { FailureReason, RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { nothingSent, type InterruptedRequest } from "../engine/interruption.ts";
import { Interruptions, type InterruptionHost } from "./interruptions.ts";
import { FinishedQueue } from "./finished-queue.ts";
import { justAfter } from "./just-after.ts";
import type { LoadSamples } from "./load-sampler.ts";
import type { PlannerLoop } from "./planner-loop.ts";
import type { PoolRouter } from "./pool-router.ts";
import { RequestFlow } from "./request-flow.ts";
import { createPoolRouter } from "./router-factory.ts";
import type { AggregatedInputs } from "./run-inputs.ts";
import { createObservers, type RunObservers } from "./run-observers.ts";
import type { Progress, RunParts } from "./run-parts.ts";
import { poolOf, workerFactory, type WorkerFactory } from "./worker-factory.ts";

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
  private readonly observers: RunObservers;
  private readonly flow: RequestFlow;
  private readonly finished = new FinishedQueue();
  /** Offers wait for the end of the pass under way (see Semantics). */
  private readonly offersAtPassEnds: boolean;
  private readonly horizonNs: number;
  private readonly dpSize: number;

  constructor(inputs: AggregatedInputs, source: ArrivalSource) {
    const { trace, config, topology, semantics, ledger } = inputs;
    this.ledger = ledger;
    this.source = source;
    this.horizonNs = config.maxSimTimeSeconds === null ? Infinity : config.maxSimTimeSeconds * 1e9;
    const { engine } = topology;
    this.dpSize = engine.dpSize;
    const { client = null, faults = null } = config;
    const interruptible = client !== null || faults !== null;
    this.factory = workerFactory(inputs, engine, {
      preference: config.engine,
      horizonNs: this.horizonNs,
      interruptible,
    });
    this.pool = poolOf("agg", engine, (id) => this.factory.create(id));
    this.interruptions = interruptible ? new Interruptions(client, faults, config.seed, ledger, this) : null;
    this.interruptions?.prepare(this.pool);
    this.pool.addReady(topology.numWorkers, 0);
    this.offersAtPassEnds =
      semantics.singleTargetOffersAtPassEnds &&
      config.replayConcurrency !== null &&
      config.planner === null &&
      topology.numWorkers * engine.dpSize === 1;
    this.router = createPoolRouter(this.pool, "aggregated", engine, inputs, {
      prefillDoneNs: (request) => ledger.firstTokenNs[request]!,
      leftNs: (request) => ledger.terminalNs[request]!,
    });
    const scaled = [{ pool: this.pool, dpSize: engine.dpSize, kvBlocks: engine.numGpuBlocks }];
    this.observers = createObservers(inputs, null, scaled, topology.numWorkers);
    this.planner = this.observers.planner;
    this.flow = new RequestFlow({
      pool: this.pool,
      router: this.router,
      ledger,
      observers: this.observers,
      inputLength: trace.inputLength,
      blockSize: engine.blockSize,
      finished: source.dependsOnCompletions ? this.finished : null,
      horizonNs: this.horizonNs,
      triesAgain: (request, atNs) => this.interruptions?.onRefused(request, atNs) ?? false,
    });
  }

  get engine(): "aggregated" | "pass-by-pass" {
    return this.factory.engine;
  }

  get tierFigures(): KvTierFigures | null {
    return this.factory.tiers?.figures ?? null;
  }

  get loadSamples(): LoadSamples | null {
    return this.observers.loads?.samples ?? null;
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
        this.flow.routeWaiting(nextNs);
      }
      this.interruptions?.run(nextNs);
      if (this.router.backlog > 0) this.flow.sendHeldBack(nextNs);
      while (source.nextNs <= nextNs) this.offer(source.take(), nextNs);
      if (planner !== null && planner.nextTickNs <= nextNs && !this.tick(nextNs)) break;
      if ((++steps & 0xff) === 0) yield { nowNs: nextNs, offered: this.offered };
    }
    for (const member of this.pool.serving()) {
      this.flow.advance(member, this.horizonNs, false);
    }
    if (this.interruptions !== null && this.horizonNs === Infinity) this.failUnrouted();
  }

  /** No worker is left, and none will come: what still waits for one fails. */
  private failUnrouted(): void {
    if (this.pool.size > 0) return;
    const { ledger } = this;
    const { failures } = this.interruptions!;
    const failedNs = (failures.at(-1)?.atSeconds ?? 0) * 1e9;
    const lastNs = ledger.terminalNs.reduce((last, atNs) => (atNs > last ? atNs : last), failedNs);
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
    this.observers.traffic?.onOffered(request);
    this.observers.watch?.onOffered(request);
    this.interruptions?.onOffered(request, atNs);
    this.flow.offer(request, null, atNs);
  }

  bringUp(request: number, atNs: number): void {
    const member = this.memberOf(request);
    if (member !== undefined) this.flow.advance(member, atNs, false);
  }

  private memberOf(request: number): PooledWorker | undefined {
    const index = this.ledger.workerIndex[request]!;
    return index < 0 ? undefined : this.pool.find(Math.floor(index / this.dpSize));
  }

  takeOut(request: number, atNs: number): InterruptedRequest | null {
    const { ledger } = this;
    let interrupted: InterruptedRequest | null = nothingSent();
    if (ledger.workerIndex[request]! >= 0) {
      const member = this.memberOf(request);
      if (member === undefined) return null;
      this.bringUp(request, atNs);
      if (ledger.terminalNs[request]! <= atNs) return null;
      interrupted = member.worker.interrupt!(request, atNs);
      if (interrupted === null) return null;
      this.observers.traffic?.onTakenOut(request);
    } else interrupted = this.flow.takeUnrouted(request) ?? interrupted;
    ledger.terminalNs[request] = atNs;
    this.flow.withdraw(request, atNs);
    return interrupted;
  }

  sendAgain(request: number, atNs: number, begun: InterruptedRequest | null): void {
    if (begun === null) {
      this.observers.traffic?.onOffered(request);
      this.observers.watch?.onOffered(request);
    }
    this.flow.offer(request, begun, atNs);
  }

  onGone(request: number, atNs: number): void {
    this.flow.leave(request, atNs);
  }

  requestsOf(member: PooledWorker, _pool: WorkerPool, atNs: number): number[] {
    if (member.state === "starting") return [];
    this.flow.advance(member, atNs, false);
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
    if (this.source.remaining > 0 || this.flow.someWait) return false;
    if (this.finished.nextNs <= atNs) return false;
    let idle = true;
    for (const member of this.pool.serving()) {
      this.flow.advance(member, atNs, false);
      if (member.worker.inSystem > 0 || member.worker.busyUntilNs > atNs) idle = false;
    }
    return idle && this.finished.nextNs === Infinity;
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
    if (secondNs > firstNs) this.flow.advance(first, onePass ? justAfter(firstNs) : secondNs, true);
    else {
      // Passes due at one instant all start before anything one of them ends at once can have consequences.
      for (const member of this.pool.serving()) {
        if (member.worker.nextStartNs === firstNs) this.flow.advance(member, justAfter(firstNs), true);
      }
    }
    return true;
  }

  /** One tick of the planner; false when all work is done, which ends the ticking. */
  private tick(atNs: number): boolean {
    let unfinished = (this.interruptions?.waiting ?? 0) > 0 || this.source.remaining > 0 || this.flow.someWait;
    for (const member of this.pool.serving()) {
      this.flow.advance(member, justAfter(atNs), false);
      this.observers.traffic!.onForwards(member.worker, atNs);
      if (member.worker.inSystem > 0 || member.worker.busyUntilNs > atNs) unfinished = true;
    }
    // Whatever ends at once comes before the tick.
    if (this.finished.nextNs <= atNs) return true;
    if (!unfinished) return false;
    this.planner!.tick(atNs);
    if (this.pool.active.length > 0) this.flow.routeWaiting(atNs);
    return true;
  }
}
