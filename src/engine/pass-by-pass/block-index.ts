/**
 * Which block stands under a key: a table for shared prompt blocks, whose keys are dense, and a map for the negative
 * keys of blocks only one request can have.
 */
export class BlockIndex {
  /** Block + 1 by key, 0 = none. */
  private readonly shared: Int32Array;
  private readonly own = new Map<number, number>();

  /** @param keySpan keys of shared blocks are below it */
  constructor(keySpan: number) {
    this.shared = new Int32Array(keySpan);
  }

  /** The block under a key, or −1. */
  get(key: number): number {
    return key >= 0 ? this.shared[key]! - 1 : (this.own.get(key) ?? -1);
  }

  set(key: number, block: number): void {
    if (key >= 0) this.shared[key] = block + 1;
    else this.own.set(key, block);
  }

  delete(key: number): void {
    if (key >= 0) this.shared[key] = 0;
    else this.own.delete(key);
  }

  /** All keys with their blocks; for checks. */
  *entries(): IterableIterator<[number, number]> {
    yield* this.own;
    for (const [key, block] of this.shared.entries()) if (block > 0) yield [key, block - 1];
  }
}
