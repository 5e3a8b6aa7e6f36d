import type { PrefixPath, SharedPrefixes } from "./shared-prefixes.ts";

/**
 * What a router without events from the engines believes their caches hold: the prompts it has sent to each target, each
 * for a while since it was sent last.
 */
export class ApproximateCaches {
  private readonly prefixes: SharedPrefixes;
  private readonly keepNs: number;
  /** Until when each edge counts as cached, by target. */
  private readonly until = new Map<number, Map<number, number>>();

  /** @param keepNs how long a prompt counts as cached */
  constructor(prefixes: SharedPrefixes, keepNs: number) {
    this.prefixes = prefixes;
    this.keepNs = keepNs;
  }

  /** A prompt was sent to a target. */
  add(target: number, path: PrefixPath, atNs: number): void {
    if (path.length === 0) return;
    let edges = this.until.get(target);
    if (edges === undefined) {
      edges = new Map();
      this.until.set(target, edges);
    }
    for (let i = 0; i < path.length; i++) edges.set(path.edges[i]!, atNs + this.keepNs);
  }

  /** Leading blocks of a prompt that count as cached there. */
  overlapBlocks(target: number, path: PrefixPath, atNs: number): number {
    const edges = this.until.get(target);
    if (edges === undefined) return 0;
    // Whoever sends an edge sends all before it, so none of those runs out earlier.
    let low = 0;
    let high = path.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((edges.get(path.edges[middle]!) ?? -Infinity) > atNs) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : this.prefixes.end[path.edges[low - 1]!]!;
  }

  forget(target: number): void {
    this.until.delete(target);
  }
}
