/**
 * Second physical copies of shared prefix edges. A prompt that ends on a block boundary and is wholly resident computes
 * its last block again; prompts handed over together bring the same blocks each. A copy ages on its own under the same
 * identity, and takes the primary's place once that is evicted, the oldest copy first (engine-findings §1.8).
 */
export class DuplicateCopies {
  /** Copies that are not primary. */
  count = 0;
  private readonly edge: number[] = [];
  /** Blocks it still has, counted from the edge's start. */
  private readonly blocks: number[] = [];
  /** The copy's run in the LRU order; −1 while its request holds it. */
  private readonly run: number[] = [];
  private readonly primary: boolean[] = [];
  /** The copy of a shallower edge that the same request holds, −1 = none. */
  private readonly shallower: number[] = [];
  private readonly unused: number[] = [];
  /** Copies behind the primary, oldest first, by edge. */
  private readonly ofEdge = new Map<number, number[]>();

  /** A new copy of an edge of `blocks` blocks, held by the request that made it. */
  add(edge: number, blocks: number): number {
    const copy = this.unused.pop() ?? this.edge.length;
    this.edge[copy] = edge;
    this.blocks[copy] = blocks;
    this.run[copy] = -1;
    this.primary[copy] = false;
    this.shallower[copy] = -1;
    const copies = this.ofEdge.get(edge);
    if (copies === undefined) this.ofEdge.set(edge, [copy]);
    else copies.push(copy);
    this.count++;
    return copy;
  }

  edgeOf(copy: number): number {
    return this.edge[copy]!;
  }

  blocksOf(copy: number): number {
    return this.blocks[copy]!;
  }

  runOf(copy: number): number {
    return this.run[copy]!;
  }

  /** The copy of a shallower edge that the same request holds, −1 = none. */
  nextOf(copy: number): number {
    return this.shallower[copy]!;
  }

  link(copy: number, shallower: number): void {
    this.shallower[copy] = shallower;
  }

  /** Whether a copy of the edge has more than `blocks` blocks. */
  hasLonger(edge: number, blocks: number): boolean {
    const copies = this.ofEdge.get(edge);
    return copies !== undefined && copies.some((copy) => this.blocks[copy]! > blocks);
  }

  /** Whether the copy has become the primary; its holder then holds the edge itself and the copy is forgotten. */
  releaseIfPrimary(copy: number): boolean {
    if (!this.primary[copy]) return false;
    this.unused.push(copy);
    return true;
  }

  /** The copy is unreferenced now and ages as `run`. */
  cache(copy: number, run: number): void {
    this.run[copy] = run;
  }

  /** Blocks were evicted from the end of a cached copy. */
  shorten(copy: number, blocks: number): void {
    this.blocks[copy]! -= blocks;
  }

  /** The cached copy was evicted. */
  evict(copy: number): void {
    const edge = this.edge[copy]!;
    const copies = this.ofEdge.get(edge)!;
    copies.splice(copies.indexOf(copy), 1);
    if (copies.length === 0) this.ofEdge.delete(edge);
    this.unused.push(copy);
    this.count--;
  }

  /** Makes the oldest copy of the edge its primary one; −1 if it has none. */
  promoteOldest(edge: number): number {
    const copies = this.ofEdge.get(edge);
    if (copies === undefined) return -1;
    const copy = copies.shift()!;
    if (copies.length === 0) this.ofEdge.delete(edge);
    this.primary[copy] = true;
    this.count--;
    return copy;
  }

  /** Frees the number of a promoted copy that nobody holds. */
  forget(copy: number): void {
    this.unused.push(copy);
  }
}
