import type { PrefixPath, SharedPrefixes } from "./shared-prefixes.ts";

/** With more edges the few active ones are counted in a map instead of an array. */
const LARGEST_ARRAY = 1 << 17;

/**
 * The distinct prompt blocks of the requests active on one target (other-engines-findings §5.33). Blocks a prompt
 * shares with no other are only numbers; the shared ones are counted by edge, whole.
 */
export class ActiveBlocks {
  /** Distinct full prompt blocks of the active requests. */
  distinct = 0;
  private readonly prefixes: SharedPrefixes;
  /** Active requests that hold an edge. */
  private readonly uses: Int32Array | Map<number, number>;

  constructor(prefixes: SharedPrefixes) {
    this.prefixes = prefixes;
    this.uses = prefixes.count <= LARGEST_ARRAY ? new Int32Array(prefixes.count) : new Map<number, number>();
  }

  /** Adds the full blocks of the prompt whose path is given. */
  add(path: PrefixPath, fullBlocks: number): void {
    this.distinct += fullBlocks - path.blocks;
    for (let i = 0; i < path.length; i++) {
      const edge = path.edges[i]!;
      if (this.change(edge, 1) === 1) this.distinct += this.lengthOf(edge);
    }
  }

  /** Takes back what `add` added. */
  remove(path: PrefixPath, fullBlocks: number): void {
    this.distinct -= fullBlocks - path.blocks;
    for (let i = 0; i < path.length; i++) {
      const edge = path.edges[i]!;
      if (this.change(edge, -1) === 0) this.distinct -= this.lengthOf(edge);
    }
  }

  /** Leading blocks of a prompt that are among the active ones. */
  leading(path: PrefixPath): number {
    // Active edges come with all before them, so the first missing one is found by bisection.
    let low = 0;
    let high = path.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.usesOf(path.edges[middle]!) > 0) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.prefixes.end[path.edges[low - 1]!]!;
  }

  private lengthOf(edge: number): number {
    return this.prefixes.end[edge]! - this.prefixes.start[edge]!;
  }

  private usesOf(edge: number): number {
    return this.uses instanceof Map ? (this.uses.get(edge) ?? 0) : this.uses[edge]!;
  }

  private change(edge: number, by: number): number {
    if (!(this.uses instanceof Map)) return (this.uses[edge]! += by);
    const count = (this.uses.get(edge) ?? 0) + by;
    if (count === 0) this.uses.delete(edge);
    else this.uses.set(edge, count);
    return count;
  }
}
