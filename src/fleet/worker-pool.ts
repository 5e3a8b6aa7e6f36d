import type { Worker } from "../engine/worker.ts";
import type { PoolName } from "../planner/planner.ts";
import type { WorkerSpan } from "./worker-span.ts";

/** One worker of a pool and its life so far, ns. NaN = has not happened. */
export interface PooledWorker<W extends Worker = Worker> {
  readonly id: number;
  readonly worker: W;
  state: "starting" | "active" | "draining" | "gone";
  readonly createdNs: number;
  readyNs: number;
  drainingNs: number;
  goneNs: number;
  /** When each of its ranks last published a record, for the planner's idle records. */
  readonly lastPublishNs: number[];
}

/**
 * Workers of one kind with their lifecycle: starting → active → draining → gone (engine-reference §8). Ids grow and
 * are never used again; a new worker starts with a cold cache; a draining one finishes all it has.
 */
export class WorkerPool<W extends Worker = Worker> {
  readonly name: PoolName;
  readonly gpusPerWorker: number;
  /** Workers that take requests, ascending by id. */
  readonly active: PooledWorker<W>[] = [];
  /** Workers that start up, ascending by id. */
  readonly starting: PooledWorker<W>[] = [];
  readonly draining: PooledWorker<W>[] = [];
  private readonly startupNs: number;
  /** How many times as long as usual a start-up takes; 1 for all when absent. */
  startupFactor: ((id: number) => number) | null = null;
  /** Told of every worker that is added. */
  onAdded: ((id: number, readyNs: number) => void) | null = null;
  private readonly createWorker: (id: number) => W;
  /** Those that start up are ready one after another. */
  private readyInOrder = true;
  private readonly spans: WorkerSpan[] = [];
  private nextId = 0;
  private passesGone = 0;
  private prefillTokensGone = 0;

  constructor(name: PoolName, gpusPerWorker: number, startupNs: number, createWorker: (id: number) => W) {
    this.name = name;
    this.gpusPerWorker = gpusPerWorker;
    this.startupNs = startupNs;
    this.createWorker = createWorker;
  }

  /** Replicas wanted at present: active and starting ones. */
  get size(): number {
    return this.active.length + this.starting.length;
  }

  /** Time the next starting worker becomes ready, or Infinity. */
  get nextReadyNs(): number {
    if (this.readyInOrder) return this.starting.length === 0 ? Infinity : this.starting[0]!.readyNs;
    return this.starting.reduce((next, { readyNs }) => Math.min(next, readyNs), Infinity);
  }

  /** Workers that can hold requests: active and draining ones, ascending by id within each. */
  *serving(): IterableIterator<PooledWorker<W>> {
    yield* this.active;
    yield* this.draining;
  }

  /** Adds `count` workers that are ready at once (the fleet a run starts with). */
  addReady(count: number, atNs: number): void {
    for (let i = 0; i < count; i++) this.add(atNs, atNs);
  }

  /** Changes the wanted size at `atNs`; all workers must have been advanced to it. */
  resize(target: number, atNs: number): void {
    while (this.size < target) this.start(atNs);
    while (this.size > target && this.starting.length > 0) this.remove(this.starting.pop()!, atNs);
    while (this.size > target) {
      const member = this.active.pop()!;
      member.state = "draining";
      member.drainingNs = atNs;
      this.draining.push(member);
    }
    this.draining.sort((a, b) => a.id - b.id);
    this.removeDrained(atNs);
  }

  /** Adds a worker that has to start up first. */
  start(atNs: number, delayNs = 0): void {
    const factor = this.startupFactor?.(this.nextId) ?? 1;
    this.add(atNs, atNs + delayNs + this.startupNs * factor);
  }

  /** The worker of an id that is still there. */
  find(id: number): PooledWorker<W> | undefined {
    const isIt = (member: PooledWorker<W>) => member.id === id;
    return this.active.find(isIt) ?? this.draining.find(isIt) ?? this.starting.find(isIt);
  }

  /** Removes a worker at once, whatever it is doing; it must have been advanced to `atNs`, and hold no requests. */
  fail(member: PooledWorker<W>, atNs: number): void {
    for (const list of [this.active, this.draining, this.starting]) {
      const at = list.indexOf(member);
      if (at >= 0) list.splice(at, 1);
    }
    this.remove(member, atNs, true);
  }

  /** Lets workers whose start-up has ended take requests. */
  activateReady(atNs: number): void {
    if (!this.readyInOrder) {
      this.activateOutOfOrder(atNs);
      return;
    }
    while (this.starting.length > 0 && this.starting[0]!.readyNs <= atNs) {
      const member = this.starting.shift()!;
      member.state = "active";
      this.active.push(member);
    }
  }

  /** The same where a later one is ready earlier; active workers stay in the order of their ids. */
  private activateOutOfOrder(atNs: number): void {
    for (let i = 0; i < this.starting.length;) {
      const member = this.starting[i]!;
      if (member.readyNs > atNs) {
        i++;
        continue;
      }
      this.starting.splice(i, 1);
      member.state = "active";
      this.active.push(member);
      this.active.sort((a, b) => a.id - b.id);
    }
    this.readyInOrder = this.starting.length === 0;
  }

  /** Removes draining workers that have nothing left; `atNs` is how far all workers have been advanced. */
  removeDrained(atNs: number): void {
    for (let i = 0; i < this.draining.length;) {
      const member = this.draining[i]!;
      const { worker } = member;
      if (worker.inSystem === 0 && worker.busyUntilNs <= atNs) {
        this.draining.splice(i, 1);
        this.remove(member, Math.max(member.drainingNs, worker.busyUntilNs, worker.heldUntilNs ?? 0));
      } else i++;
    }
  }

  /** Life spans of all workers that ever existed, by id; those still there end at `endNs`. */
  finish(endNs: number): WorkerSpan[] {
    this.removeDrained(endNs);
    for (const member of [...this.active, ...this.starting, ...this.draining]) {
      this.spans.push(this.span(member, Math.max(member.createdNs, endNs)));
    }
    return this.spans.toSorted((a, b) => a.id - b.id);
  }

  /** Passes run by all workers that ever existed. */
  get passes(): number {
    let passes = this.passesGone;
    for (const member of this.serving()) passes += member.worker.passes;
    return passes;
  }

  /** Tokens computed for prompts by all workers that ever existed. */
  get prefillTokens(): number {
    let tokens = this.prefillTokensGone;
    for (const member of this.serving()) tokens += member.worker.prefillTokens;
    return tokens;
  }

  private add(createdNs: number, readyNs: number): void {
    const id = this.nextId++;
    const member: PooledWorker<W> = {
      id,
      worker: this.createWorker(id),
      state: "starting",
      createdNs,
      readyNs,
      drainingNs: NaN,
      goneNs: NaN,
      lastPublishNs: [],
    };
    if (this.starting.length > 0 && this.starting.at(-1)!.readyNs > readyNs) this.readyInOrder = false;
    this.starting.push(member);
    this.onAdded?.(id, readyNs);
    if (readyNs <= createdNs) this.activateReady(createdNs);
  }

  private remove(member: PooledWorker<W>, atNs: number, failed = false): void {
    member.state = "gone";
    member.goneNs = atNs;
    this.passesGone += member.worker.passes;
    this.prefillTokensGone += member.worker.prefillTokens;
    this.spans.push(this.span(member, atNs, failed));
  }

  private span(member: PooledWorker<W>, goneNs: number, failed = false): WorkerSpan {
    return {
      pool: this.name,
      id: member.id,
      gpus: this.gpusPerWorker,
      createdNs: member.createdNs,
      readyNs: member.readyNs <= goneNs ? member.readyNs : NaN,
      drainingNs: member.drainingNs,
      goneNs,
      failed,
      // What was left of the pass it failed in was never done.
      busyNs: member.worker.busyNs - (failed ? Math.max(0, member.worker.busyUntilNs - goneNs) : 0),
      requests: member.worker.requests,
    };
  }
}
