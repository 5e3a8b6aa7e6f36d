import type { Worker } from "../engine/worker.ts";
import type { PooledWorker, WorkerPool } from "../fleet/worker-pool.ts";
import { KvRouter, type KvRouterContext, type RouterTarget, type Routing } from "../router/kv-router.ts";
import { RoundRobin } from "../router/round-robin.ts";

/** Where a request of a pool goes. */
export interface Assignment<W extends Worker> {
  readonly request: number;
  readonly member: PooledWorker<W>;
  readonly rank: number;
  /** Cached blocks its cache was known to hold. */
  readonly overlapBlocks: number;
}

/** The router in front of a pool. The pool must have an active worker when it is asked. */
export interface PoolRouter<W extends Worker> {
  /** All active workers must have been advanced to the time of a call, not only the one that is chosen. */
  readonly looksAtWorkers: boolean;
  /** Requests it holds back. */
  readonly backlog: number;
  /** The first known time at which one of those may go. */
  readonly nextReleaseNs: number;
  /** Routes a request, or holds it back (null). */
  route(request: number, atNs: number): Assignment<W> | null;
  /** A request that was held back and can go now. */
  next(atNs: number): Assignment<W> | null;
}

/** Turn by turn over the active workers. */
export class RoundRobinPoolRouter<W extends Worker> implements PoolRouter<W> {
  readonly looksAtWorkers = false;
  readonly backlog = 0;
  readonly nextReleaseNs = Infinity;
  private readonly pool: WorkerPool<W>;
  private readonly turns: RoundRobin;

  constructor(pool: WorkerPool<W>, dpSize: number) {
    this.pool = pool;
    this.turns = new RoundRobin(dpSize);
  }

  route(request: number): Assignment<W> {
    const { active } = this.pool;
    const member = active[this.turns.next(active.length)]!;
    return { request, member, rank: this.turns.nextRank(member.id), overlapBlocks: 0 };
  }

  next(): null {
    return null;
  }
}

/** By cost, over the ranks of the active workers. */
export class KvPoolRouter<W extends Worker> implements PoolRouter<W> {
  readonly looksAtWorkers = true;
  private readonly pool: WorkerPool<W>;
  private readonly dpSize: number;
  private readonly router: KvRouter;
  private readonly targetsOf = new Map<PooledWorker<W>, RouterTarget[]>();

  constructor(pool: WorkerPool<W>, dpSize: number, context: KvRouterContext) {
    this.pool = pool;
    this.dpSize = dpSize;
    this.router = new KvRouter(context);
  }

  get backlog(): number {
    return this.router.backlog;
  }

  get nextReleaseNs(): number {
    return this.router.nextReleaseNs;
  }

  route(request: number, atNs: number): Assignment<W> | null {
    return this.assignment(this.router.route(request, atNs, this.targets()));
  }

  next(atNs: number): Assignment<W> | null {
    return this.assignment(this.router.next(atNs, this.targets()));
  }

  private assignment(routing: Routing | null): Assignment<W> | null {
    if (routing === null) return null;
    const { request, target, overlapBlocks } = routing;
    const member = this.pool.active[Math.floor(target / this.dpSize)]!;
    return { request, member, rank: target % this.dpSize, overlapBlocks };
  }

  private targets(): RouterTarget[] {
    this.dropGone();
    return this.pool.active.flatMap((member) => this.ranksOf(member));
  }

  private ranksOf(member: PooledWorker<W>): RouterTarget[] {
    let ranks = this.targetsOf.get(member);
    if (ranks === undefined) {
      ranks = Array.from({ length: this.dpSize }, (_, rank) => ({
        id: member.id * this.dpSize + rank,
        overlapBlocks: (request: number) => member.worker.prefixOverlapBlocks(request, rank),
      }));
      this.targetsOf.set(member, ranks);
    }
    return ranks;
  }

  private dropGone(): void {
    if (this.targetsOf.size <= this.pool.active.length) return;
    for (const [member, ranks] of this.targetsOf) {
      if (member.state !== "gone") continue;
      this.targetsOf.delete(member);
      for (const { id } of ranks) this.router.forget(id);
    }
  }
}
