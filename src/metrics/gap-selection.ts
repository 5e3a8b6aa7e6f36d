import type { GapChunk, LongGap, RecordedGaps } from "./gap-recorder.ts";
import { sortByKey } from "./radix-sort.ts";

/** Buckets by the five bits of a gap's exponent and the thirteen below its leading bit. */
const FRACTION_BITS = 13;
const BUCKETS = 1 << (5 + FRACTION_BITS);
const LARGEST_SHORT = 2 ** 32 - 1;

/** How often gaps of each bucket were seen. */
export function bucketWeights(): Float64Array {
  return new Float64Array(BUCKETS);
}

/** Bucket of a gap below 2^32 ns; a larger gap never lies in a lower bucket. */
export function bucketOf(gap: number): number {
  const zeros = Math.clz32(gap);
  return zeros > 30 ? 0 : ((31 - zeros) << FRACTION_BITS) | ((gap << (zeros + 1)) >>> (32 - FRACTION_BITS));
}

/**
 * The gaps (ns) at the given 0-based ranks among all gaps in ascending order, each counted as often as it was seen:
 * exact, and only the buckets that hold a wanted rank are sorted.
 * @param weights how often gaps of each bucket were seen
 * @param ranks ascending, each below the total count
 * @param bounds the smallest and the largest gap
 */
export function selectGaps(
  { short, long }: RecordedGaps,
  weights: Float64Array,
  ranks: readonly number[],
  { minNs, maxNs }: { readonly minNs: number; readonly maxNs: number },
): Float64Array {
  const selected = new Float64Array(ranks.length);
  const wanted = new Uint8Array(BUCKETS);
  const weightBefore: number[] = [];
  // Gaps seldom differ by more than a few factors of two; the other buckets are not looked at.
  const first = bucketOf(Math.min(minNs, LARGEST_SHORT));
  const last = bucketOf(Math.min(maxNs, LARGEST_SHORT));
  const { before, next } = markWanted(weights, ranks, first, last, wanted, weightBefore);
  walk(gather(short, wanted), weightBefore, ranks.slice(0, next), selected);
  walkLong(long, before, ranks, next, selected);
  return selected;
}

/** Marks the buckets that hold a wanted rank, with the weight before each. @returns the weight of all, and the ranks done */
function markWanted(
  weights: Float64Array,
  ranks: readonly number[],
  first: number,
  last: number,
  wanted: Uint8Array,
  weightBefore: number[],
): { readonly before: number; readonly next: number } {
  let before = 0;
  let next = 0;
  for (let bucket = first; bucket <= last; bucket++) {
    if (weights[bucket] === 0) continue;
    const upTo = before + weights[bucket]!;
    if (next < ranks.length && ranks[next]! < upTo) {
      wanted[bucket] = 1;
      weightBefore.push(before);
      while (next < ranks.length && ranks[next]! < upTo) next++;
    }
    before = upTo;
  }
  return { before, next };
}

/** The entries of the wanted buckets, ascending by gap. */
function gather(chunks: readonly GapChunk[], wanted: Uint8Array): Columns {
  const first = chunks[0]?.length ?? 0;
  let columns: Columns = { gapNs: new Uint32Array(Math.max(1, first)), weight: new Uint32Array(Math.max(1, first)) };
  let used = 0;
  for (const chunk of chunks) {
    while (used + chunk.length > columns.gapNs.length) columns = doubled(columns, used);
    used = takeWanted(chunk, wanted, columns, used);
  }
  const sorted = sortByKey(columns.gapNs.subarray(0, used), columns.weight.subarray(0, used));
  return { gapNs: sorted.keys, weight: sorted.values };
}

interface Columns {
  readonly gapNs: Uint32Array;
  readonly weight: Uint32Array;
}

function doubled({ gapNs, weight }: Columns, used: number): Columns {
  const larger = { gapNs: new Uint32Array(gapNs.length * 2), weight: new Uint32Array(gapNs.length * 2) };
  larger.gapNs.set(gapNs.subarray(0, used));
  larger.weight.set(weight.subarray(0, used));
  return larger;
}

/** Appends the wanted entries of a chunk; there is room. Writes before it asks: a branch nobody can predict costs more. */
function takeWanted(chunk: GapChunk, wanted: Uint8Array, { gapNs, weight }: Columns, used: number): number {
  const { gapNs: from, weight: fromWeight, length } = chunk;
  let place = used;
  for (let i = 0; i < length; i++) {
    const gap = from[i]!;
    gapNs[place] = gap;
    weight[place] = fromWeight[i]!;
    place += wanted[bucketOf(gap)]!;
  }
  return place;
}

/** Walks the sorted entries bucket by bucket, counting on from the weight in front of each wanted bucket. */
function walk(
  { gapNs, weight }: Columns,
  weightBefore: readonly number[],
  ranks: readonly number[],
  selected: Float64Array,
): void {
  let next = 0;
  let bucket = -1;
  let wantedBucket = -1;
  let upTo = 0;
  for (let i = 0; i < gapNs.length && next < ranks.length; i++) {
    const gap = gapNs[i]!;
    const at = bucketOf(gap);
    if (at !== bucket) {
      bucket = at;
      upTo = weightBefore[++wantedBucket]!;
    }
    upTo += weight[i]!;
    while (next < ranks.length && ranks[next]! < upTo) selected[next++] = gap;
  }
}

/** The ranks behind all short gaps. */
function walkLong(
  long: readonly LongGap[],
  before: number,
  ranks: readonly number[],
  from: number,
  selected: Float64Array,
) {
  let next = from;
  let upTo = before;
  for (const { gapNs, weight } of long) {
    upTo += weight;
    while (next < ranks.length && ranks[next]! < upTo) selected[next++] = gapNs;
  }
}
