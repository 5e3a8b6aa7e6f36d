import type { InterruptedRequest } from "../engine/interruption.ts";
import type { Worker } from "../engine/worker.ts";
import type { PooledWorker, WorkerPool } from "../fleet/worker-pool.ts";
import { FailureReason, RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import type { FinishedQueue } from "./finished-queue.ts";
import type { Assignment, PoolRouter } from "./pool-router.ts";
import type { RunObservers } from "./run-observers.ts";

/** What requests of an aggregated run pass through. */
export interface FlowContext {
  readonly pool: WorkerPool;
  readonly router: PoolRouter<Worker>;
  readonly ledger: RequestLedger;
  readonly observers: RunObservers;
  /** Prompt tokens of each request, and tokens of a block. */
  readonly inputLength: Int32Array;
  readonly blockSize: number;
  /** Told who has left by the horizon, where the workload depends on it; else null. */
  readonly finished: FinishedQueue | null;
  readonly horizonNs: number;
  /** Asked when the router has refused a request; true when its client will try again. */
  readonly triesAgain: (request: number, atNs: number) => boolean;
}

/** Takes requests of an aggregated run through the router to a worker, and from the worker to those who wait for them. */
export class RequestFlow {
  private readonly context: FlowContext;
  /** Requests nobody could take when they arrived: no worker was active. */
  private readonly unrouted: number[] = [];
  /** Requests that go on with tokens another worker generated. */
  private readonly begun = new Map<number, InterruptedRequest>();

  constructor(context: FlowContext) {
    this.context = context;
  }

  /** Whether requests have arrived that no worker has. */
  get someWait(): boolean {
    return this.unrouted.length > 0 || this.context.router.backlog > 0;
  }

  /**
   * Sends a request to a worker, or lets it wait for one.
   * @param begun what another worker generated of it; null = nothing
   */
  offer(request: number, begun: InterruptedRequest | null, atNs: number): void {
    if (begun !== null) this.begun.set(request, begun);
    this.route(request, atNs);
  }

  /** Workers are active again: requests that waited for that are routed. */
  routeWaiting(atNs: number): void {
    for (const request of this.unrouted.splice(0)) this.route(request, atNs);
  }

  /** Takes a request out of those nobody could take; what another worker generated of it, null when nothing did. */
  takeUnrouted(request: number): InterruptedRequest | null {
    const waiting = this.unrouted.indexOf(request);
    if (waiting < 0) return null;
    this.unrouted.splice(waiting, 1);
    return this.begun.get(request) ?? null;
  }

  /** A request was taken out. */
  withdraw(request: number, atNs: number): void {
    this.begun.delete(request);
    this.context.router.withdraw(request, atNs);
  }

  private route(request: number, atNs: number): void {
    const { pool, router } = this.context;
    if (pool.active.length === 0) {
      this.unrouted.push(request);
      return;
    }
    if (router.looksAtWorkers) this.advanceAll(atNs);
    const assignment = router.route(request, atNs);
    if (assignment !== null) this.send(assignment, atNs);
    else for (const refused of router.takeRefused()) this.refuse(refused, atNs);
  }

  /** A request leaves because too many of its class wait in the router. */
  private refuse(request: number, atNs: number): void {
    const { ledger, triesAgain } = this.context;
    if (triesAgain(request, atNs)) return;
    ledger.status[request] = RequestStatus.rejected;
    ledger.reason[request] = FailureReason.routerQueueFull;
    ledger.terminalNs[request] = atNs;
    this.leave(request, atNs);
  }

  /** A request has left without a worker's doing. */
  leave(request: number, atNs: number): void {
    this.context.observers.traffic?.onLeft([request]);
    this.context.finished?.push(request, atNs);
  }

  private send({ request, member, rank, overlapBlocks }: Assignment<Worker>, atNs: number): void {
    const { router, observers, inputLength, blockSize } = this.context;
    member.worker.advance(atNs, false);
    observers.loads?.visit("agg", member, atNs);
    const begun = this.begun.get(request);
    if (begun === undefined) member.worker.enqueue(request, atNs, rank);
    else {
      member.worker.resume!(request, begun, atNs, rank);
      this.begun.delete(request);
    }
    if (router.looksAtWorkers) observers.traffic?.onRouted(overlapBlocks, Math.ceil(inputLength[request]! / blockSize));
  }

  /** Sends requests the router held back and lets go now. */
  sendHeldBack(atNs: number): void {
    const { pool, router } = this.context;
    if (pool.active.length === 0) return;
    this.advanceAll(atNs);
    for (;;) {
      const assignment = router.next(atNs);
      if (assignment === null) return;
      this.send(assignment, atNs);
    }
  }

  private advanceAll(atNs: number): void {
    for (const member of this.context.pool.active) {
      if (member.worker.nextStartNs < atNs) this.advance(member, atNs, false);
    }
  }

  /** Runs a worker (see Worker.advance), and passes on who has left it. */
  advance(member: PooledWorker, untilNs: number, stopAtFinish: boolean): void {
    member.worker.advance(untilNs, stopAtFinish);
    const requests = member.worker.takeFinished();
    if (requests.length === 0) return;
    const { router, observers, finished, ledger, horizonNs } = this.context;
    router.onLeft(requests);
    observers.traffic?.onLeft(requests);
    if (finished === null) return;
    for (const request of requests) {
      const atNs = ledger.terminalNs[request]!;
      if (atNs <= horizonNs) finished.push(request, atNs);
    }
  }
}
