/** Columns up to this length are sorted; longer ones are distributed over buckets and only the asked ones sorted. */
const SORT_LIMIT = 1 << 15;
const BUCKETS = 1 << 16;

/**
 * The values that stand at the given 0-based ranks in ascending order: exact, without sorting a long column.
 * @param values finite numbers; the array is reordered when short
 * @param ranks ascending, each in 0..values.length − 1
 */
export function selectRanks(values: Float64Array, ranks: readonly number[]): Float64Array {
  const selected = new Float64Array(ranks.length);
  if (ranks.length === 0) return selected;
  if (values.length <= SORT_LIMIT) {
    values.sort();
    for (let i = 0; i < ranks.length; i++) selected[i] = values[ranks[i]!]!;
    return selected;
  }
  selectByBuckets(values, ranks, selected);
  return selected;
}

/**
 * Distributes the values over equal-width buckets of their logarithm-like key (or of their value when they lie close
 * together), then looks only into the buckets that hold a wanted rank.
 */
function selectByBuckets(values: Float64Array, ranks: readonly number[], selected: Float64Array): void {
  const [low, high] = range(values);
  if (low === high) {
    selected.fill(low);
    return;
  }
  const bucketOf = bucketing(low, high);
  const buckets = new Uint32Array(values.length);
  const sizes = new Uint32Array(BUCKETS + 1);
  for (let i = 0; i < values.length; i++) {
    const bucket = bucketOf(values[i]!);
    buckets[i] = bucket;
    sizes[bucket]!++;
  }
  const wanted = wantedBuckets(sizes, ranks);
  const members = wanted.map(({ bucket }) => new Float64Array(sizes[bucket]!));
  const slotOf = new Int32Array(BUCKETS + 1).fill(-1);
  for (let slot = 0; slot < wanted.length; slot++) slotOf[wanted[slot]!.bucket] = slot;
  const filled = new Uint32Array(wanted.length);
  for (let i = 0; i < values.length; i++) {
    const slot = slotOf[buckets[i]!]!;
    if (slot >= 0) members[slot]![filled[slot]!++] = values[i]!;
  }
  let next = 0;
  for (let slot = 0; slot < wanted.length; slot++) {
    const { firstRank, ranks: inside } = wanted[slot]!;
    const found = selectRanks(
      members[slot]!,
      inside.map((rank) => rank - firstRank),
    );
    selected.set(found, next);
    next += found.length;
  }
}

function range(values: Float64Array): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** A non-decreasing map of [low, high] onto 0..BUCKETS. */
function bucketing(low: number, high: number): (value: number) => number {
  const scale = BUCKETS / (high - low);
  if (low <= 0 || high / low < 16) return (value) => Math.min(BUCKETS, Math.floor((value - low) * scale));
  // Latencies span decades with a long tail: the upper half of a double's bits grows with its logarithm.
  const number = new Float64Array(1);
  const halves = new Uint32Array(number.buffer);
  const upper = (value: number) => {
    number[0] = value;
    return halves[1]!;
  };
  const first = upper(low);
  const shift = Math.max(0, 32 - Math.clz32(upper(high) - first) - 16);
  return (value) => (upper(value) - first) >>> shift;
}

function wantedBuckets(sizes: Uint32Array, ranks: readonly number[]) {
  const wanted: { bucket: number; firstRank: number; ranks: number[] }[] = [];
  let bucket = 0;
  let firstRank = 0;
  for (const rank of ranks) {
    while (firstRank + sizes[bucket]! <= rank) firstRank += sizes[bucket++]!;
    const last = wanted.at(-1);
    if (last?.bucket === bucket) last.ranks.push(rank);
    else wanted.push({ bucket, firstRank, ranks: [rank] });
  }
  return wanted;
}
