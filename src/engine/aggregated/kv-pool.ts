import { DuplicateCopies } from "./duplicate-copies.ts";
import type { PrefixEdges } from "./prefix-edges.ts";
import { PublishedEdges } from "./published-edges.ts";
import { RunKind, RunLru } from "./run-lru.ts";
import { ShortcutFailure } from "./shortcut-failure.ts";

/**
 * The key-value blocks of one worker, by counts: referenced blocks, runs of cached unreferenced ones in LRU order, the
 * rest free. Shared prompt blocks are known by their edge; every other block only by the request that holds it.
 *
 * What makes runs enough (engine-findings §2): a request releases its blocks suffix first and the cache evicts in
 * order of release, so along a chain residency and being referenced only ever decrease; and only the request whose
 * prefill is cut can hold part of an edge, when nobody else holds any of it. Where edges have second copies a look-up
 * can come upon a chain made of two of them; that is given up (ShortcutFailure).
 */
export class KvPool {
  readonly capacity: number;
  /** Referenced blocks. */
  active = 0;
  /** Cached blocks that nobody references. */
  readonly cached = new RunLru();
  private readonly caching: boolean;
  private readonly edges: PrefixEdges;
  /** Resident blocks of each edge, counted from its start. */
  private readonly resident: Int32Array;
  /** Running requests that hold blocks of the edge. */
  private readonly references: Int32Array;
  /** The edge's run in the LRU order while it is resident and unreferenced. */
  private readonly runOfEdge: Int32Array;
  /** The run of a preempted request's own blocks, by its slot; −1 = none left. */
  private runOfSlot = new Int32Array(64).fill(-1);
  private readonly duplicates = new DuplicateCopies();
  /** What routers know of it. */
  readonly published: PublishedEdges;

  /** @param publishesLater routers know of a change when it is published, not at once */
  constructor(capacity: number, caching: boolean, edges: PrefixEdges, publishesLater: boolean) {
    this.capacity = capacity;
    this.caching = caching;
    this.edges = edges;
    this.resident = new Int32Array(edges.count);
    this.references = new Int32Array(edges.count);
    this.runOfEdge = new Int32Array(edges.count).fill(-1);
    this.published = new PublishedEdges(edges, this.resident, publishesLater);
  }

  /** Blocks that are free or can be evicted. */
  get available(): number {
    return this.capacity - this.active;
  }

  /** References `blocks` more, evicting the oldest cached ones when the free ones are used up. */
  allocate(blocks: number): void {
    const missing = blocks - (this.capacity - this.active - this.cached.blocks);
    if (missing > 0) this.evict(missing);
    this.active += blocks;
  }

  /** Deepest edge with resident blocks on the chain up to `lastEdge`, looking no further than `cap` blocks; −1 = none. */
  deepestResident(lastEdge: number, cap: number): number {
    let edge = lastEdge;
    const { end, parent } = this.edges;
    while (edge >= 0 && (end[edge]! > cap || this.resident[edge] === 0)) edge = parent[edge]!;
    if (this.duplicates.count > 0) this.refuseMixedChain(edge);
    return edge;
  }

  /** Gives up on a chain whose blocks are partly those of the primary copy, partly those of another. */
  private refuseMixedChain(edge: number): void {
    const { start, end, parent } = this.edges;
    for (; edge >= 0; edge = parent[edge]!) {
      const resident = this.resident[edge]!;
      if (resident < end[edge]! - start[edge]! && this.duplicates.hasLonger(edge, resident)) {
        throw new ShortcutFailure("a chain of blocks is partly evicted and partly there twice");
      }
    }
  }

  /** Resident blocks of the chain that ends in `edge`. */
  residentBlocks(edge: number): number {
    return edge < 0 ? 0 : this.edges.start[edge]! + this.resident[edge]!;
  }

  private setResident(edge: number, blocks: number): void {
    this.resident[edge] = blocks;
    this.published.onChanged(edge);
  }

  /** How many of those are referenced. */
  referencedBlocks(edge: number): number {
    if (this.duplicates.count > 0) return this.countReferenced(edge);
    while (edge >= 0 && this.references[edge] === 0) edge = this.edges.parent[edge]!;
    return this.residentBlocks(edge);
  }

  /** The same, one edge at a time: who holds a copy of an edge does not reference its primary. */
  private countReferenced(edge: number): number {
    let blocks = 0;
    for (; edge >= 0; edge = this.edges.parent[edge]!) if (this.references[edge]! > 0) blocks += this.resident[edge]!;
    return blocks;
  }

  /** References the resident chain that ends in `edge`. */
  pin(edge: number): void {
    for (; edge >= 0; edge = this.edges.parent[edge]!) {
      if (this.references[edge]!++ > 0) continue;
      this.active += this.resident[edge]!;
      this.cached.remove(this.runOfEdge[edge]!);
      this.runOfEdge[edge] = -1;
    }
  }

  /** Own blocks of a preempted request that are still resident. */
  ownBlocks(slot: number): number {
    const run = slot < this.runOfSlot.length ? this.runOfSlot[slot]! : -1;
    return run < 0 ? 0 : this.cached.lengthOf(run);
  }

  /** References them again. */
  pinOwn(slot: number): void {
    const run = this.runOfSlot[slot]!;
    this.active += this.cached.lengthOf(run);
    this.cached.remove(run);
    this.runOfSlot[slot] = -1;
  }

  /** Leaves the own blocks of a preempted request to age: it will not come back. */
  disown(slot: number): void {
    const run = slot < this.runOfSlot.length ? this.runOfSlot[slot]! : -1;
    if (run < 0) return;
    this.cached.reassign(run, RunKind.anonymous, -1);
    this.runOfSlot[slot] = -1;
  }

  /**
   * Enters into the cache the shared blocks a request has filled, from `from` to `to` full blocks of its chain; they
   * are allocated already.
   * @param copies the deepest copy the request holds already, −1 = none
   * @returns the deepest it holds now
   */
  register(lastEdge: number, from: number, to: number, copies: number): number {
    const { start, end, parent } = this.edges;
    let deepest = -1;
    let last = -1;
    for (let edge = lastEdge; edge >= 0 && end[edge]! > from; edge = parent[edge]!) {
      const first = start[edge]!;
      if (first >= to) continue;
      const resident = this.resident[edge]!;
      if (first < from) {
        if (resident !== from - first) throw new ShortcutFailure("two requests fill the same blocks");
      } else if (resident > 0) {
        if (to < end[edge]! || resident < end[edge]! - first) throw new ShortcutFailure("part of a prefix is copied");
        const copy = this.duplicates.add(edge, resident);
        if (last < 0) deepest = copy;
        else this.duplicates.link(last, copy);
        last = copy;
        continue;
      } else this.references[edge] = 1;
      this.setResident(edge, Math.min(end[edge]!, to) - first);
    }
    if (last < 0) return copies;
    this.duplicates.link(last, copies);
    return deepest;
  }

  /**
   * Releases what a request holds: `held` blocks, `full` of them filled. Suffix first; a partly filled block is free at
   * once.
   * @param copies the deepest copy it made of a shared edge, −1 = none
   * @param preemptedSlot its slot when it may come back for its own blocks, −1 when it has left
   */
  release(lastEdge: number, full: number, held: number, copies: number, preemptedSlot: number): void {
    if (!this.caching) {
      this.active -= held;
      return;
    }
    const { start, end, parent } = this.edges;
    const shared = lastEdge < 0 ? 0 : end[lastEdge]!;
    const own = full > shared ? full - shared : 0;
    this.active -= held - full + own;
    if (own > 0) this.releaseOwn(own, preemptedSlot);
    let edge = lastEdge;
    while (edge >= 0 && start[edge]! >= full) edge = parent[edge]!;
    let copy = copies;
    for (; edge >= 0; edge = parent[edge]!) {
      if (copy >= 0 && this.duplicates.edgeOf(copy) === edge) {
        const released = copy;
        copy = this.duplicates.nextOf(copy);
        if (this.releaseDuplicate(released)) continue;
      }
      if (--this.references[edge]! > 0) continue;
      const blocks = this.resident[edge]!;
      this.active -= blocks;
      this.runOfEdge[edge] = this.cached.push(RunKind.edge, edge, blocks);
    }
  }

  /** Throws unless every block is accounted for exactly once; for tests. */
  check(): void {
    const { count, parent, start, end } = this.edges;
    const fail = (what: string): never => {
      throw new Error(`key-value pool: ${what}`);
    };
    if (this.active < 0 || this.active > this.capacity) fail(`${this.active} of ${this.capacity} blocks referenced`);
    if (this.active + this.cached.blocks > this.capacity) fail("more blocks than the pool holds");
    let sharedActive = 0;
    for (let edge = 0; edge < count; edge++) {
      const resident = this.resident[edge]!;
      const references = this.references[edge]!;
      const length = end[edge]! - start[edge]!;
      const up = parent[edge]!;
      if (resident < 0 || resident > length) fail(`edge ${edge} has ${resident} of ${length} blocks resident`);
      if (references < 0) fail(`edge ${edge} has ${references} references`);
      if (references > 0) sharedActive += resident;
      if (up >= 0 && this.duplicates.count === 0) {
        if (resident > 0 && this.resident[up]! < end[up]! - start[up]!) fail(`edge ${edge} outlived its parent`);
        if (references > 0 && this.references[up] === 0) fail(`edge ${edge} is referenced, its parent is not`);
      }
      const run = this.runOfEdge[edge]!;
      if (run >= 0 !== (resident > 0 && references === 0)) fail(`edge ${edge} is wrongly in or out of the LRU order`);
      if (run >= 0 && this.cached.lengthOf(run) !== resident) fail(`edge ${edge} and its run differ in length`);
    }
    if (sharedActive > this.active) fail("more shared than referenced blocks");
  }

  private releaseOwn(blocks: number, preemptedSlot: number): void {
    if (preemptedSlot < 0) {
      this.cached.push(RunKind.anonymous, -1, blocks);
      return;
    }
    if (preemptedSlot >= this.runOfSlot.length) {
      const larger = new Int32Array(preemptedSlot * 2).fill(-1);
      larger.set(this.runOfSlot);
      this.runOfSlot = larger;
    }
    this.runOfSlot[preemptedSlot] = this.cached.push(RunKind.preempted, preemptedSlot, blocks);
  }

  /** Releases the copy unless it has become the edge's primary one meanwhile. */
  private releaseDuplicate(duplicate: number): boolean {
    if (this.duplicates.releaseIfPrimary(duplicate)) return false;
    const blocks = this.duplicates.blocksOf(duplicate);
    this.active -= blocks;
    this.duplicates.cache(duplicate, this.cached.push(RunKind.duplicate, duplicate, blocks));
    return true;
  }

  private evict(blocks: number): void {
    const cached = this.cached;
    while (blocks > 0) {
      const run = cached.oldest;
      const length = cached.lengthOf(run);
      const kind = cached.kindOf(run);
      const owner = cached.ownerOf(run);
      if (length > blocks) {
        cached.shorten(run, blocks);
        if (kind === RunKind.edge) this.setResident(owner, this.resident[owner]! - blocks);
        else if (kind === RunKind.duplicate) this.duplicates.shorten(owner, blocks);
        return;
      }
      cached.remove(run);
      blocks -= length;
      if (kind === RunKind.edge) this.evictEdge(owner);
      else if (kind === RunKind.preempted) this.runOfSlot[owner] = -1;
      else if (kind === RunKind.duplicate) this.duplicates.evict(owner);
    }
  }

  /** The edge is gone, unless the oldest duplicate takes its place. */
  private evictEdge(edge: number): void {
    this.setResident(edge, 0);
    this.runOfEdge[edge] = -1;
    const copy = this.duplicates.promoteOldest(edge);
    if (copy < 0) return;
    this.setResident(edge, this.duplicates.blocksOf(copy));
    const run = this.duplicates.runOf(copy);
    if (run < 0) {
      this.references[edge] = 1;
      return;
    }
    this.runOfEdge[edge] = run;
    this.cached.reassign(run, RunKind.edge, edge);
    this.duplicates.forget(copy);
  }
}
