/** Entries in a total order, the first one at hand. */
export class BinaryHeap<T> {
  private readonly entries: T[] = [];
  private readonly precedes: (a: T, b: T) => boolean;

  /** @param precedes whether `a` comes before `b`; two entries are never equal */
  constructor(precedes: (a: T, b: T) => boolean) {
    this.precedes = precedes;
  }

  get length(): number {
    return this.entries.length;
  }

  /** The first; undefined when empty. */
  get first(): T | undefined {
    return this.entries[0];
  }

  push(entry: T): void {
    const { entries } = this;
    let at = entries.length;
    while (at > 0) {
      const up = (at - 1) >>> 1;
      if (!this.precedes(entry, entries[up]!)) break;
      entries[at] = entries[up]!;
      at = up;
    }
    entries[at] = entry;
  }

  /** Takes the first; undefined when empty. */
  pop(): T | undefined {
    const { entries } = this;
    const first = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return first;
    const { length } = entries;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= length) break;
      if (down + 1 < length && this.precedes(entries[down + 1]!, entries[down]!)) down++;
      if (!this.precedes(entries[down]!, last)) break;
      entries[at] = entries[down]!;
      at = down;
    }
    entries[at] = last;
    return first;
  }

  /** Takes out the entry that `isWanted` finds, wherever it stands; undefined when there is none. */
  remove(isWanted: (entry: T) => boolean): T | undefined {
    const { entries } = this;
    const at = entries.findIndex(isWanted);
    if (at < 0) return undefined;
    const [entry] = entries.splice(at, 1);
    // In order it is a heap.
    entries.sort((a, b) => (this.precedes(a, b) ? -1 : 1));
    return entry;
  }
}
