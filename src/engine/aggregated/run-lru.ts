import { enlarged } from "./finish-calendar.ts";

/** What a run of cached blocks belongs to. */
export const RunKind = {
  /** Blocks nobody can ask for again. */
  anonymous: 0,
  /** The resident blocks of a shared prefix edge; owner = edge. */
  edge: 1,
  /** The unshared blocks of a preempted request, which may ask for them again; owner = its slot. */
  preempted: 2,
  /** A second physical copy of an edge; owner = number of the copy. */
  duplicate: 3,
} as const;

/**
 * Evictable blocks of the pool in the order they were released, oldest first, as runs: consecutive blocks of one
 * chain, released together suffix first, hence evicted from their end. A doubly linked list of counted nodes.
 */
export class RunLru {
  /** Blocks in all runs. */
  blocks = 0;
  private head = -1;
  private tail = -1;
  private freed = -1;
  private used = 0;
  private next = new Int32Array(64);
  private previous = new Int32Array(64);
  private count = new Int32Array(64);
  private kind = new Int32Array(64);
  private owner = new Int32Array(64);

  /** The run that is evicted from first; only when `blocks` > 0. */
  get oldest(): number {
    return this.head;
  }

  kindOf(run: number): number {
    return this.kind[run]!;
  }

  ownerOf(run: number): number {
    return this.owner[run]!;
  }

  lengthOf(run: number): number {
    return this.count[run]!;
  }

  /** Appends a run as the most recently released; answers its number. */
  push(kind: number, owner: number, blocks: number): number {
    this.blocks += blocks;
    const tail = this.tail;
    // Neighbours nobody can ask for again age as one run.
    if (kind === RunKind.anonymous && tail >= 0 && this.kind[tail] === RunKind.anonymous) {
      this.count[tail]! += blocks;
      return tail;
    }
    const run = this.take();
    this.kind[run] = kind;
    this.owner[run] = owner;
    this.count[run] = blocks;
    this.previous[run] = tail;
    this.next[run] = -1;
    if (tail < 0) this.head = run;
    else this.next[tail] = run;
    this.tail = run;
    return run;
  }

  /** Hands a run to another owner without changing its age. */
  reassign(run: number, kind: number, owner: number): void {
    this.kind[run] = kind;
    this.owner[run] = owner;
  }

  /** Removes blocks from the end of a run that keeps at least one. */
  shorten(run: number, blocks: number): void {
    this.count[run]! -= blocks;
    this.blocks -= blocks;
  }

  /** Takes a run out whole: evicted, or referenced again. */
  remove(run: number): void {
    this.blocks -= this.count[run]!;
    const next = this.next[run]!;
    const previous = this.previous[run]!;
    if (previous < 0) this.head = next;
    else this.next[previous] = next;
    if (next < 0) this.tail = previous;
    else this.previous[next] = previous;
    this.next[run] = this.freed;
    this.freed = run;
  }

  private take(): number {
    const run = this.freed;
    if (run >= 0) {
      this.freed = this.next[run]!;
      return run;
    }
    if (this.used === this.next.length) {
      const capacity = this.used * 2;
      this.next = enlarged(this.next, capacity);
      this.previous = enlarged(this.previous, capacity);
      this.count = enlarged(this.count, capacity);
      this.kind = enlarged(this.kind, capacity);
      this.owner = enlarged(this.owner, capacity);
    }
    return this.used++;
  }
}
