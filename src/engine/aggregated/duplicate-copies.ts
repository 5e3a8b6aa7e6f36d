/**
 * Second physical copies of shared blocks. A prompt that ends on a block boundary and is wholly resident computes its
 * last block again; the copy ages on its own under the same identity, and takes the primary's place once that is
 * evicted, the oldest copy first (engine-findings §1.8). Such blocks are edges of one block.
 */
export class DuplicateCopies {
  private readonly edge: number[] = [];
  /** The copy's run in the LRU order; −1 while its request holds it. */
  private readonly run: number[] = [];
  private readonly primary: boolean[] = [];
  private readonly unused: number[] = [];
  /** Copies behind the primary, oldest first, by edge. */
  private readonly ofEdge = new Map<number, number[]>();

  /** A new copy, held by the request that made it. */
  add(edge: number): number {
    const copy = this.unused.pop() ?? this.edge.length;
    this.edge[copy] = edge;
    this.run[copy] = -1;
    this.primary[copy] = false;
    const copies = this.ofEdge.get(edge);
    if (copies === undefined) this.ofEdge.set(edge, [copy]);
    else copies.push(copy);
    return copy;
  }

  runOf(copy: number): number {
    return this.run[copy]!;
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

  /** The cached copy was evicted. */
  evict(copy: number): void {
    const edge = this.edge[copy]!;
    const copies = this.ofEdge.get(edge)!;
    copies.splice(copies.indexOf(copy), 1);
    if (copies.length === 0) this.ofEdge.delete(edge);
    this.unused.push(copy);
  }

  /** Makes the oldest copy of the edge its primary one; −1 if it has none. */
  promoteOldest(edge: number): number {
    const copies = this.ofEdge.get(edge);
    if (copies === undefined) return -1;
    const copy = copies.shift()!;
    if (copies.length === 0) this.ofEdge.delete(edge);
    this.primary[copy] = true;
    return copy;
  }

  /** Frees the number of a promoted copy that nobody holds. */
  forget(copy: number): void {
    this.unused.push(copy);
  }
}
