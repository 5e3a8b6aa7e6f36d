import type { Semantics } from "../engine/semantics.ts";
import { WorkerPool, type PooledWorker } from "../fleet/worker-pool.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import { RoundRobin } from "../router/round-robin.ts";
import type { Trace } from "../trace/trace.ts";
import type { ArrivalSource } from "../workload/arrival-source.ts";
import { FinishedQueue } from "./finished-queue.ts";
import { justAfter } from "./just-after.ts";
import { PlannerLoop } from "./planner-loop.ts";
import type { AggregatedTopology, RunConfig } from "./run-config.ts";
import type { Progress, RunParts } from "./run-parts.ts";
import { TrafficRecorder } from "./traffic-recorder.ts";
import { workerFactory, type WorkerFactory } from "./worker-factory.ts";

/**
 * One pool of workers that do prefill and decode, behind a round-robin router.
 *
 * At one instant: completions, workers becoming ready, arrivals, starts of passes, removal of drained workers, the
 * planner's tick (planner-findings §2.1). Workers are advanced lazily: a worker runs ahead on its own until the next
 * event that can touch it.
 */
export class AggregatedRun implements RunParts {
  readonly factory: WorkerFactory;
  readonly pool: WorkerPool;
  readonly planner: PlannerLoop | null;
  offered = 0;
  private readonly ledger: RequestLedger;
  private readonly source: ArrivalSource;
  private readonly router: RoundRobin;
  private readonly traffic: TrafficRecorder | null;
  private readonly finished = new FinishedQueue();
  private readonly horizonNs: number;
  /** Requests nobody could take when they arrived: no worker was active. */
  private readonly unrouted: number[] = [];

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
    this.factory = workerFactory(trace, engine, semantics, ledger, config.engine, this.horizonNs);
    this.pool = new WorkerPool("agg", engine.gpusPerWorker, engine.startupSeconds * 1e9, (id) =>
      this.factory.create(id),
    );
    this.pool.addReady(topology.numWorkers, 0);
    this.router = new RoundRobin(engine.dpSize);
    this.traffic = config.planner === null ? null : new TrafficRecorder(ledger, trace.inputLength);
    this.planner =
      config.planner === null
        ? null
        : new PlannerLoop(config.planner, [{ pool: this.pool, dpSize: engine.dpSize }], semantics, this.traffic!);
  }

  get engine(): "aggregated" | "pass-by-pass" {
    return this.factory.engine;
  }

  get pools(): readonly WorkerPool[] {
    return [this.pool];
  }

  *run(): Generator<Progress, void, void> {
    let steps = 0;
    for (;;) {
      const { source, pool, planner } = this;
      const nextNs = Math.min(source.nextNs, pool.nextReadyNs, planner?.nextTickNs ?? Infinity, this.finished.nextNs);
      if (source.dependsOnCompletions && this.advanceOneWorker(nextNs)) {
        if ((++steps & 0x3ff) === 0) yield { nowNs: Math.min(nextNs, this.horizonNs), offered: this.offered };
        continue;
      }
      if (nextNs === Infinity || nextNs > this.horizonNs) break;
      while (this.finished.nextNs === nextNs) source.onTerminal(this.finished.pop(), nextNs);
      if (pool.nextReadyNs <= nextNs) {
        pool.activateReady(nextNs);
        this.routeBacklog(nextNs);
      }
      while (source.nextNs <= nextNs) this.offer(source.take(), nextNs);
      if (planner !== null && planner.nextTickNs <= nextNs && !this.tick(nextNs)) break;
      if ((++steps & 0xff) === 0) yield { nowNs: nextNs, offered: this.offered };
    }
    for (const member of this.pool.serving()) {
      member.worker.advance(this.horizonNs, false);
      this.collect(member);
    }
  }

  private offer(request: number, atNs: number): void {
    this.ledger.arrivalNs[request] = atNs;
    this.offered++;
    this.traffic?.onOffered();
    this.route(request, atNs);
  }

  private route(request: number, atNs: number): void {
    const { active } = this.pool;
    if (active.length === 0) {
      this.unrouted.push(request);
      return;
    }
    const member = active[this.router.next(active.length)]!;
    member.worker.advance(atNs, false);
    member.worker.enqueue(request, atNs, this.router.nextRank(member.id));
  }

  private routeBacklog(atNs: number): void {
    for (const request of this.unrouted.splice(0)) this.route(request, atNs);
  }

  /**
   * Lets the worker whose next pass starts first run, no further than the next start of another or `limitNs`, and
   * only until it finishes a request. False when nobody's next pass starts before `limitNs`.
   */
  private advanceOneWorker(limitNs: number): boolean {
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
    // Two starts at one instant: run just this one.
    first.worker.advance(secondNs > firstNs ? secondNs : justAfter(firstNs), true);
    this.collect(first);
    return true;
  }

  private collect(member: PooledWorker): void {
    const requests = member.worker.takeFinished();
    if (requests.length === 0) return;
    this.traffic?.onLeft(requests);
    if (!this.source.dependsOnCompletions) return;
    for (const request of requests) {
      const atNs = this.ledger.terminalNs[request]!;
      if (atNs <= this.horizonNs) this.finished.push(request, atNs);
    }
  }

  /** One tick of the planner; false when all work is done, which ends the ticking. */
  private tick(atNs: number): boolean {
    let unfinished = this.source.remaining > 0 || this.unrouted.length > 0;
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
