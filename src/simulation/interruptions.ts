import type { InterruptedRequest } from "../engine/interruption.ts";
import { startupFactor, type FaultPlan } from "../fleet/fault-plan.ts";
import type { PooledWorker, WorkerPool } from "../fleet/worker-pool.ts";
import { FailureReason, RequestStatus, type RequestLedger } from "../metrics/request-ledger.ts";
import { SeededRandom } from "../random/seeded-random.ts";
import { backoffMs, type ClientBehaviour, type RetryCause } from "../workload/client-behaviour.ts";
import { ReadyQueue } from "../workload/ready-queue.ts";
import type { WorkerFailure } from "./outcome.ts";

/** What a driver does for clients that give up and workers that fail. */
export interface InterruptionHost {
  readonly pools: readonly WorkerPool[];
  /** Runs the worker that has a request up to `atNs`, so that the ledger knows what became of it. */
  bringUp(request: number, atNs: number): void;
  /** Takes a request out, wherever it is; null when it has ended by `atNs`. Sets its end in the ledger to `atNs`. */
  takeOut(request: number, atNs: number): InterruptedRequest | null;
  /** Sends a request into the system again; `begun` = it goes on with the tokens it has. */
  sendAgain(request: number, atNs: number, begun: InterruptedRequest | null): void;
  /** A request has left for good; its state stands in the ledger. */
  onGone(request: number, atNs: number): void;
  /** Requests that a worker serves or holds. */
  requestsOf(member: PooledWorker, pool: WorkerPool, atNs: number): number[];
  /** A worker is gone. */
  onWorkerGone(member: PooledWorker, atNs: number): void;
  /** Whether everything offered has left and nothing more will be offered; advances all workers to `atNs`. */
  isDone(atNs: number): boolean;
}

/** Kinds of events of clients, in the order they are dealt with at one instant. */
const event = { firstToken: 0, timeout: 1, leave: 2, retry: 3 } as const;

/** Keeps the draws of the parts of a run apart. */
const stream = { leave: 11, backoff: 12, failure: 13, startup: 14 } as const;

/**
 * Clients that give up, walk away and try again, and workers that fail: a queue of their times beside a driver's own.
 * All draws depend on the seed and on the request or worker they are for, not on the order of events.
 */
export class Interruptions {
  readonly failures: WorkerFailure[] = [];
  retries = 0;
  migrations = 0;
  /** Tokens that were generated and thrown away. */
  wastedTokens = 0;
  /** Requests whose client waits before it tries again. */
  waiting = 0;
  private readonly client: ClientBehaviour | null;
  private readonly faults: FaultPlan | null;
  private readonly seed: number;
  private readonly ledger: RequestLedger;
  private readonly host: InterruptionHost;
  private readonly attempts: Uint8Array;
  private readonly migrated: Uint8Array;
  /** When the attempt under way was sent, ns; NaN = none is. */
  private readonly attemptNs: Float64Array;
  private readonly clientEvents = new ReadyQueue();
  private readonly fleetEvents = new ReadyQueue();
  private readonly failing: { readonly pool: WorkerPool; readonly worker: number }[] = [];
  private over = false;

  constructor(
    client: ClientBehaviour | null,
    faults: FaultPlan | null,
    seed: number,
    ledger: RequestLedger,
    host: InterruptionHost,
  ) {
    this.client = client;
    this.faults = faults;
    this.seed = seed;
    this.ledger = ledger;
    this.host = host;
    this.attempts = new Uint8Array(ledger.count);
    ledger.attempts = this.attempts;
    this.migrated = new Uint8Array(ledger.count);
    this.attemptNs = new Float64Array(ledger.count).fill(NaN);
    for (const { atSeconds, pool: name, worker } of faults?.failures ?? []) {
      const pool = host.pools.find((candidate) => candidate.name === name);
      if (pool !== undefined) this.planFailure(pool, worker, atSeconds * 1e9);
    }
  }

  get nextNs(): number {
    return Math.min(this.clientEvents.nextTime, this.over ? Infinity : this.fleetEvents.nextTime);
  }

  /** Gives a pool's workers their start-up times and failures; to be called before it has any. */
  prepare(pool: WorkerPool): void {
    const { faults } = this;
    if (faults === null) return;
    const place = this.host.pools.indexOf(pool);
    if (faults.startupVariation > 0 || faults.slowStartShare > 0) {
      pool.startupFactor = (id) => startupFactor(faults, this.draws(stream.startup + 8 * place, id));
    }
    const mean = faults.meanTimeBetweenFailuresSeconds;
    if (mean === null) return;
    pool.onAdded = (id, readyNs) => {
      const lifeSeconds = this.draws(stream.failure + 8 * place, id).exponential() * mean;
      this.planFailure(pool, id, readyNs + lifeSeconds * 1e9);
    };
  }

  /** A client sends a request for the first time. */
  onOffered(request: number, atNs: number): void {
    this.begin(request, atNs);
    const { client } = this;
    if (client === null || client.cancelShare === 0) return;
    const draws = this.draws(stream.leave, request);
    if (draws.uniform() >= client.cancelShare) return;
    this.clientEvents.push(atNs + draws.exponential() * client.cancelAfterMs * 1e6, event.leave, request);
  }

  /** The router has refused a request; true when its client will try again. */
  onRefused(request: number, atNs: number): boolean {
    return this.retry(request, atNs, "refusal");
  }

  /** Whether the client of a request has given up, so that nothing follows it. */
  isAbandoned(request: number): boolean {
    const { status, reason } = this.ledger;
    const state = status[request];
    if (state === RequestStatus.canceled || state === RequestStatus.timedOut) return true;
    return state === RequestStatus.failed && reason[request] === FailureReason.workerFailed;
  }

  /** Does everything due at `atNs`. */
  run(atNs: number): void {
    while (!this.over && this.fleetEvents.nextTime <= atNs) this.failNext(atNs);
    while (this.clientEvents.nextTime <= atNs) {
      const dueNs = this.clientEvents.nextTime;
      const kind = this.clientEvents.nextSession;
      this.act(kind, this.clientEvents.pop(), dueNs);
    }
  }

  private act(kind: number, request: number, atNs: number): void {
    const { client, ledger, attemptNs } = this;
    if (kind === event.retry) {
      this.waiting--;
      // The user may have walked away meanwhile.
      if (ledger.status[request] !== RequestStatus.pending) return;
      this.begin(request, atNs);
      this.host.sendAgain(request, atNs, null);
    } else if (kind === event.firstToken) {
      if (attemptNs[request]! + client!.firstTokenTimeoutMs! * 1e6 !== atNs) return;
      this.giveUp(
        request,
        atNs,
        RequestStatus.timedOut,
        FailureReason.clientFirstTokenTimeout,
        () =>
          // The first token may be known already, and yet lie ahead.
          ledger.firstTokenNs[request]! <= atNs,
      );
    } else if (kind === event.timeout) {
      if (attemptNs[request]! + client!.timeoutMs! * 1e6 !== atNs) return;
      this.giveUp(request, atNs, RequestStatus.timedOut, FailureReason.clientTimeout);
    } else this.leave(request, atNs);
  }

  /** The user walks away, be it while the client waits to try again. */
  private leave(request: number, atNs: number): void {
    const { ledger } = this;
    if (!Number.isNaN(this.attemptNs[request]!)) {
      this.giveUp(request, atNs, RequestStatus.canceled, FailureReason.clientCanceled);
    } else if (ledger.status[request] === RequestStatus.pending) {
      this.end(request, atNs, RequestStatus.canceled, FailureReason.clientCanceled);
    }
  }

  private giveUp(
    request: number,
    atNs: number,
    status: RequestStatus,
    reason: FailureReason,
    unless: () => boolean = () => false,
  ): void {
    if (this.ledger.terminalNs[request]! <= atNs) return;
    this.host.bringUp(request, atNs);
    if (unless()) return;
    const interrupted = this.host.takeOut(request, atNs);
    if (interrupted === null) return;
    this.wastedTokens += interrupted.generated;
    const again = status === RequestStatus.timedOut && this.retry(request, atNs, "timeout");
    if (!again) this.end(request, atNs, status, reason);
  }

  private end(request: number, atNs: number, status: RequestStatus, reason: FailureReason): void {
    const { ledger } = this;
    this.attemptNs[request] = NaN;
    ledger.status[request] = status;
    ledger.reason[request] = reason;
    ledger.terminalNs[request] = atNs;
    this.host.onGone(request, atNs);
  }

  private begin(request: number, atNs: number): void {
    const { client, clientEvents } = this;
    this.attempts[request]!++;
    this.attemptNs[request] = atNs;
    if (client === null) return;
    if (client.firstTokenTimeoutMs !== null) {
      clientEvents.push(atNs + client.firstTokenTimeoutMs * 1e6, event.firstToken, request);
    }
    if (client.timeoutMs !== null) clientEvents.push(atNs + client.timeoutMs * 1e6, event.timeout, request);
  }

  /** Plans another attempt; false when there is to be none. */
  private retry(request: number, atNs: number, cause: RetryCause): boolean {
    const { client, ledger } = this;
    const attempt = this.attempts[request]!;
    if (client === null || !client.retryOn.includes(cause) || attempt > client.maxRetries) return false;
    const uniform = this.draws(stream.backoff, request * 64 + attempt).uniform();
    this.attemptNs[request] = NaN;
    ledger.reset(request);
    this.waiting++;
    this.retries++;
    this.clientEvents.push(atNs + backoffMs(client, attempt, uniform) * 1e6, event.retry, request);
    return true;
  }

  private planFailure(pool: WorkerPool, worker: number, atNs: number): void {
    this.fleetEvents.push(atNs, 0, this.failing.push({ pool, worker }) - 1);
  }

  private failNext(nowNs: number): void {
    if (this.waiting === 0 && this.host.isDone(nowNs)) {
      this.over = true;
      return;
    }
    const atNs = this.fleetEvents.nextTime;
    const { pool, worker } = this.failing[this.fleetEvents.pop()]!;
    const { host, faults } = this;
    const member = pool.find(worker);
    if (member === undefined) {
      this.failures.push({
        atSeconds: atNs / 1e9,
        pool: pool.name,
        worker,
        state: "absent",
        lost: 0,
        replacement: null,
      });
      return;
    }
    const { state } = member;
    const lost = host.requestsOf(member, pool, atNs);
    const taken = lost.map((request) => ({ request, interrupted: host.takeOut(request, atNs) }));
    pool.fail(member, atNs);
    host.onWorkerGone(member, atNs);
    const before = new Set(pool.starting);
    if (faults!.restart && state !== "draining") pool.start(atNs, faults!.restartDelaySeconds * 1e9);
    const replacement = pool.starting.find((other) => !before.has(other))?.id ?? null;
    const struck = taken.filter(({ interrupted }) => interrupted !== null);
    this.failures.push({
      atSeconds: atNs / 1e9,
      pool: pool.name,
      worker,
      state: state as "starting" | "active" | "draining",
      lost: struck.length,
      replacement,
    });
    for (const { request, interrupted } of struck) this.onLost(request, interrupted!, atNs);
  }

  private onLost(request: number, interrupted: InterruptedRequest, atNs: number): void {
    const { ledger } = this;
    if (this.migrated[request]! < this.faults!.migrationLimit) {
      this.migrated[request]!++;
      const firstNs = ledger.firstTokenNs[request]!;
      const secondNs = ledger.secondTokenNs[request]!;
      const admitNs = ledger.admitNs[request]!;
      ledger.reset(request);
      if (interrupted.generated > 0) {
        ledger.firstTokenNs[request] = firstNs;
        ledger.secondTokenNs[request] = secondNs;
        ledger.admitNs[request] = admitNs;
        ledger.outputTokens[request] = interrupted.generated;
        ledger.lastTokenNs[request] = interrupted.lastTokenNs;
      }
      this.migrations++;
      this.host.sendAgain(request, atNs, interrupted);
      return;
    }
    this.wastedTokens += interrupted.generated;
    if (!this.retry(request, atNs, "failure"))
      this.end(request, atNs, RequestStatus.failed, FailureReason.workerFailed);
  }

  private draws(what: number, index: number): SeededRandom {
    return new SeededRandom(this.seed).fork(what).fork(index);
  }
}
