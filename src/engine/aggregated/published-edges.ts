import type { PrefixEdges } from "./prefix-edges.ts";

/**
 * What routers know of the prefix edges in a cache: under the newest rules what was resident before the pass under way,
 * kept from the first time a router asks, which is before it sends anything here.
 */
export class PublishedEdges {
  private readonly edges: PrefixEdges;
  /** Resident blocks of each edge, counted from its start. */
  private readonly resident: Int32Array;
  private readonly publishesLater: boolean;
  /** Those before the pass under way. */
  private published: Int32Array | null = null;
  /** Edges that have changed since. */
  private readonly changed: number[] = [];

  /** @param publishesLater routers know of a change when `publish` is called, not at once */
  constructor(edges: PrefixEdges, resident: Int32Array, publishesLater: boolean) {
    this.edges = edges;
    this.resident = resident;
    this.publishesLater = publishesLater;
  }

  /** The resident blocks of an edge have changed. */
  onChanged(edge: number): void {
    if (this.published !== null) this.changed.push(edge);
  }

  /** The pass has ended: routers know what it has changed. */
  publish(): void {
    const { changed, published } = this;
    if (published === null || changed.length === 0) return;
    for (const edge of changed) published[edge] = this.resident[edge]!;
    changed.length = 0;
  }

  /** Blocks of a chain of edges, root first, that routers know to be resident. */
  blocks(path: readonly number[]): number {
    if (this.publishesLater) this.published ??= this.resident.slice();
    const known = this.published ?? this.resident;
    // Edges are resident only with all before them, so the deepest one is found by bisection.
    let low = 0;
    let high = path.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (known[path[middle]!]! > 0) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    const edge = path[low - 1]!;
    return this.edges.start[edge]! + known[edge]!;
  }
}
