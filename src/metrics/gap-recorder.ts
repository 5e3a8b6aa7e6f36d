import { sortByKey } from "./radix-sort.ts";

const CHUNK = 1 << 16;
const FIRST_COMPACTION = 1 << 22;
const LARGEST_SHORT = 2 ** 32 - 1;

/** Gaps recorded one after another, with how many requests saw each. Only the first `length` entries count. */
export interface GapChunk {
  /** ns. */
  readonly gapNs: Uint32Array;
  readonly weight: Uint32Array;
  length: number;
}

/** A gap of 2^32 ns and more, and how many requests saw it. */
export interface LongGap {
  readonly gapNs: number;
  readonly weight: number;
}

/** What has been recorded. */
export interface RecordedGaps {
  /** Everything below 2^32 ns; equal gaps may stand in several places. */
  readonly short: readonly GapChunk[];
  /** The others, ascending, each once. */
  readonly long: readonly LongGap[];
}

/**
 * Pooled inter-token gaps: (gap in ns, how many requests saw it), kept exactly. When the list grows long, equal gaps
 * are merged, so memory follows the number of distinct gaps: eight bytes each.
 */
export class GapRecorder {
  private chunks: GapChunk[] = [newChunk()];
  private last: GapChunk = this.chunks[0]!;
  private compactAtChunks = FIRST_COMPACTION / CHUNK;
  /** Gaps of 2^32 ns (4.3 s) and more are few: they come from outages, not from passes. */
  private readonly long = new Map<number, number>();
  private readonly sources: ((recorder: GapRecorder) => void)[] = [];

  /**
   * Records that `count` requests each waited `gapNs` between two consecutive tokens.
   * @param gapNs integer, 0 ≤ gapNs < 2^53
   */
  add(gapNs: number, count: number): void {
    if (gapNs > LARGEST_SHORT || count > LARGEST_SHORT) {
      this.addUnusual(gapNs, count);
      return;
    }
    let chunk = this.last;
    if (chunk.length === CHUNK) chunk = this.nextChunk();
    const index = chunk.length;
    chunk.gapNs[index] = gapNs;
    chunk.weight[index] = count;
    chunk.length = index + 1;
  }

  /** Asks `source`, before the gaps are read, to add those it has counted itself since it was asked last. */
  addSource(source: (recorder: GapRecorder) => void): void {
    this.sources.push(source);
  }

  /** Everything recorded. Asks all sources, which takes its time. */
  recorded(): RecordedGaps {
    for (const source of this.sources) source(this);
    const long = [...this.long].map(([gapNs, weight]) => ({ gapNs, weight })).toSorted((a, b) => a.gapNs - b.gapNs);
    return { short: this.chunks, long };
  }

  /** The distinct gaps in ascending order (ns) with their counts. */
  sorted(): { gapNs: Float64Array; weight: Float64Array } {
    const { long } = this.recorded();
    const sorted = this.sortedShort();
    const gapNs: number[] = [];
    const weight: number[] = [];
    for (let i = 0; i < sorted.length; i++) {
      if (gapNs.length > 0 && gapNs.at(-1) === sorted.gapNs[i]) weight[weight.length - 1]! += sorted.weight[i]!;
      else {
        gapNs.push(sorted.gapNs[i]!);
        weight.push(sorted.weight[i]!);
      }
    }
    for (const gap of long) {
      gapNs.push(gap.gapNs);
      weight.push(gap.weight);
    }
    return { gapNs: Float64Array.from(gapNs), weight: Float64Array.from(weight) };
  }

  private addUnusual(gapNs: number, count: number): void {
    if (gapNs > LARGEST_SHORT) {
      this.long.set(gapNs, (this.long.get(gapNs) ?? 0) + count);
      return;
    }
    for (let rest = count; rest > 0; rest -= LARGEST_SHORT) this.add(gapNs, Math.min(rest, LARGEST_SHORT));
  }

  private nextChunk(): GapChunk {
    if (this.chunks.length >= this.compactAtChunks) this.compact();
    else this.chunks.push(newChunk());
    this.last = this.chunks.at(-1)!;
    return this.last.length === CHUNK ? this.nextChunk() : this.last;
  }

  /** Merges equal gaps. Doing it again pays only when as many entries have been added as were left. */
  private compact(): void {
    const sorted = this.sortedShort();
    const used = mergeEqual(sorted.gapNs, sorted.weight, sorted.length);
    this.chunks = [];
    for (let from = 0; from < used; from += CHUNK) {
      const chunk = newChunk();
      chunk.length = Math.min(CHUNK, used - from);
      chunk.gapNs.set(sorted.gapNs.subarray(from, from + chunk.length));
      chunk.weight.set(sorted.weight.subarray(from, from + chunk.length));
      this.chunks.push(chunk);
    }
    this.compactAtChunks = Math.max(FIRST_COMPACTION / CHUNK, this.chunks.length * 2);
  }

  private sortedShort(): { gapNs: Uint32Array; weight: Uint32Array; length: number } {
    const length = this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const gapNs = new Uint32Array(length);
    const weight = new Uint32Array(length);
    let at = 0;
    for (const chunk of this.chunks) {
      gapNs.set(chunk.gapNs.subarray(0, chunk.length), at);
      weight.set(chunk.weight.subarray(0, chunk.length), at);
      at += chunk.length;
    }
    const sorted = sortByKey(gapNs, weight);
    return { gapNs: sorted.keys, weight: sorted.values, length };
  }
}

function newChunk(): GapChunk {
  return { gapNs: new Uint32Array(CHUNK), weight: new Uint32Array(CHUNK), length: 0 };
}

/** Adds up the weights of equal neighbours in place, as far as they fit; how many entries remain. */
function mergeEqual(keys: Uint32Array, weights: Uint32Array, length: number): number {
  if (length === 0) return 0;
  let last = 0;
  for (let i = 1; i < length; i++) {
    const sum = weights[last]! + weights[i]!;
    if (keys[i] === keys[last] && sum <= LARGEST_SHORT) {
      weights[last] = sum;
    } else {
      last++;
      keys[last] = keys[i]!;
      weights[last] = weights[i]!;
    }
  }
  return last + 1;
}
