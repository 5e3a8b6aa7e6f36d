import { sortByKey } from "./radix-sort.ts";

const FIRST_COMPACTION = 1 << 20;

/**
 * Pooled inter-token gaps: (gap in ns, how many requests saw it), kept exactly. When the list grows long, equal gaps
 * are merged, so memory follows the number of distinct gaps.
 */
export class GapRecorder {
  private gapNs: Float64Array = new Float64Array(1024);
  private weight: Float64Array = new Float64Array(1024);
  private used = 0;
  private compactAt = FIRST_COMPACTION;
  private readonly sources: ((recorder: GapRecorder) => void)[] = [];

  /**
   * Records that `count` requests each waited `gapNs` between two consecutive tokens.
   * @param gapNs integer, 0 ≤ gapNs < 2^48
   */
  add(gapNs: number, count: number): void {
    const index = this.used;
    if (index === this.gapNs.length) {
      this.makeRoom();
      this.add(gapNs, count);
      return;
    }
    this.gapNs[index] = gapNs;
    this.weight[index] = count;
    this.used = index + 1;
  }

  /** Asks `source`, before the gaps are read, to add those it has counted itself since it was asked last. */
  addSource(source: (recorder: GapRecorder) => void): void {
    this.sources.push(source);
  }

  /** The distinct gaps in ascending order (ns) with their counts; the arrays are views into this recorder. */
  sorted(): { gapNs: Float64Array; weight: Float64Array } {
    for (const source of this.sources) source(this);
    this.compact();
    return { gapNs: this.gapNs.subarray(0, this.used), weight: this.weight.subarray(0, this.used) };
  }

  /** Leaves at least one free entry. */
  private makeRoom(): void {
    if (this.used >= this.compactAt) {
      this.compact();
      // Merging again pays only once as many entries have been added as were left.
      this.compactAt = Math.max(FIRST_COMPACTION, this.used * 2);
      if (this.used <= this.gapNs.length / 2) return;
    }
    const capacity = this.gapNs.length * 2;
    const gapNs = new Float64Array(capacity);
    gapNs.set(this.gapNs.subarray(0, this.used));
    const weight = new Float64Array(capacity);
    weight.set(this.weight.subarray(0, this.used));
    this.gapNs = gapNs;
    this.weight = weight;
  }

  /** Sorts by gap and merges equal gaps. */
  private compact(): void {
    const sorted = sortByKey(this.gapNs, this.weight, this.used);
    this.gapNs = sorted.keys;
    this.weight = sorted.values;
    this.used = mergeEqual(sorted.keys, sorted.values, this.used);
  }
}

/** Adds up the weights of equal neighbours in place; how many entries remain. */
function mergeEqual(keys: Float64Array, weights: Float64Array, length: number): number {
  if (length === 0) return 0;
  let last = 0;
  for (let i = 1; i < length; i++) {
    if (keys[i] === keys[last]) {
      weights[last]! += weights[i]!;
    } else {
      last++;
      keys[last] = keys[i]!;
      weights[last] = weights[i]!;
    }
  }
  return last + 1;
}
