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

/** Where a request would go, and what is there. */
export interface PooledProspect<W extends Worker> extends Assignment<W> {
  /** Prompt tokens sent there and not computed yet, and prompt blocks active there. */
  readonly prefillTokens: number;
  readonly activeBlocks: number;
  /** Sends the request there. */
  accept(): void;
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
  /** Requests it would not hold back any more since the last call: too many of their class wait. */
  takeRefused(): readonly number[];
  /** Requests have left the workers of the pool, at times that may lie ahead. */
  onLeft(requests: readonly number[]): void;
  /** A request was taken out at `atNs`, from the queue or from its worker. */
  withdraw(request: number, atNs: number): void;
  /** Where a request would go if it were sent now; null when the router does not weigh its targets. */
  prospect(request: number, atNs: number): PooledProspect<W> | null;
}

const nobody: readonly number[] = [];

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

  takeRefused(): readonly number[] {
    return nobody;
  }

  onLeft(): void {}

  withdraw(): void {}

  prospect(): null {
    return null;
  }
}

/** By cost, over the ranks of the active workers. */
export class KvPoolRouter<W extends Worker> implements PoolRouter<W> {
  readonly looksAtWorkers = true;
  private readonly pool: WorkerPool<W>;
  private readonly dpSize: number;
  private readonly router: KvRouter;
  private refused: number[] = [];
  /** The active workers when the targets were put together. */
  private members: PooledWorker<W>[] = [];
  /** Workers that were among them and are not gone yet: they drain. */
  private draining: PooledWorker<W>[] = [];
  private targets: readonly RouterTarget[] = [];

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
    const routing = this.router.route(request, atNs, this.currentTargets());
    if (routing === "refused") this.refused.push(request);
    return typeof routing === "string" ? null : this.assignment(routing);
  }

  next(atNs: number): Assignment<W> | null {
    const routing = this.router.next(atNs, this.currentTargets());
    return routing === null ? null : this.assignment(routing);
  }

  takeRefused(): readonly number[] {
    return this.refused.length === 0 ? nobody : this.refused.splice(0);
  }

  onLeft(requests: readonly number[]): void {
    this.router.onLeft(requests);
  }

  withdraw(request: number, atNs: number): void {
    this.router.withdraw(request, atNs);
  }

  prospect(request: number, atNs: number): PooledProspect<W> {
    const prospect = this.router.prospect(request, atNs, this.currentTargets());
    const { prefillTokens, activeBlocks } = prospect;
    const accept = () => void this.router.accept(prospect, atNs);
    return { ...this.assignment(prospect), prefillTokens, activeBlocks, accept };
  }

  private assignment({ request, target, overlapBlocks }: Routing): Assignment<W> {
    const member = this.members[Math.floor(target / this.dpSize)]!;
    return { request, member, rank: target % this.dpSize, overlapBlocks };
  }

  private currentTargets(): readonly RouterTarget[] {
    const { active } = this.pool;
    const { members } = this;
    let same = active.length === members.length;
    for (let i = 0; same && i < active.length; i++) same = active[i] === members[i];
    if (same) return this.targets;
    this.forgetGone([...this.draining, ...members]);
    this.members = [...active];
    this.targets = active.flatMap((member) =>
      Array.from({ length: this.dpSize }, (_, rank) => new WorkerRank(member, rank, this.dpSize)),
    );
    return this.targets;
  }

  /** Forgets those of the former targets that are gone, and remembers those that are yet to go. */
  private forgetGone(former: readonly PooledWorker<W>[]): void {
    this.draining = former.filter(({ state }) => state === "draining");
    for (const { id, state } of former) {
      if (state !== "gone") continue;
      for (let rank = 0; rank < this.dpSize; rank++) this.router.forget(id * this.dpSize + rank);
    }
  }
}

/** A rank of a worker as a target. */
class WorkerRank<W extends Worker> implements RouterTarget {
  readonly id: number;
  private readonly worker: W;
  private readonly rank: number;

  constructor(member: PooledWorker<W>, rank: number, dpSize: number) {
    this.id = member.id * dpSize + rank;
    this.worker = member.worker;
    this.rank = rank;
  }

  get passes(): number {
    return this.worker.passes;
  }

  overlapBlocks(request: number, atNs: number): number {
    return this.worker.prefixOverlapBlocks(request, atNs, this.rank);
  }
}
