/**
 * Which block stands under a key: an open-addressing table of 32-bit keys for shared prompt blocks, of which there are
 * many, and a map for the negative keys of blocks only one request can have.
 */
export class BlockIndex {
  private readonly mask: number;
  private readonly shift: number;
  /** Key + 1 by place, 0 = empty. */
  private readonly keys: Int32Array;
  private readonly blocks: Int32Array;
  private readonly own = new Map<number, number>();

  /** @param most most keys ever in the index at once */
  constructor(most: number) {
    const bits = Math.max(4, Math.ceil(Math.log2(most * 2 + 1)));
    this.mask = 2 ** bits - 1;
    this.shift = 32 - bits;
    this.keys = new Int32Array(2 ** bits);
    this.blocks = new Int32Array(2 ** bits);
  }

  /** The block under a key, or −1. */
  get(key: number): number {
    if (key < 0) return this.own.get(key) ?? -1;
    const at = this.place(key);
    return this.keys[at] === 0 ? -1 : this.blocks[at]!;
  }

  set(key: number, block: number): void {
    if (key < 0) {
      this.own.set(key, block);
      return;
    }
    const at = this.place(key);
    this.keys[at] = key + 1;
    this.blocks[at] = block;
  }

  /** Removes a key that is in the index. */
  delete(key: number): void {
    if (key < 0) {
      this.own.delete(key);
      return;
    }
    // Entries after the hole that do not stand at their first choice move up, so that no look-up stops too early.
    let hole = this.place(key);
    for (let at = (hole + 1) & this.mask; this.keys[at] !== 0; at = (at + 1) & this.mask) {
      const first = this.firstChoice(this.keys[at]! - 1);
      if (((at - first) & this.mask) < ((at - hole) & this.mask)) continue;
      this.keys[hole] = this.keys[at]!;
      this.blocks[hole] = this.blocks[at]!;
      hole = at;
    }
    this.keys[hole] = 0;
  }

  /** All keys with their blocks, in no particular order; for checks. */
  *entries(): IterableIterator<[number, number]> {
    yield* this.own;
    for (let at = 0; at < this.keys.length; at++) if (this.keys[at] !== 0) yield [this.keys[at]! - 1, this.blocks[at]!];
  }

  /** Where a key stands, or the empty place where it would. */
  private place(key: number): number {
    let at = this.firstChoice(key);
    while (this.keys[at] !== 0 && this.keys[at] !== key + 1) at = (at + 1) & this.mask;
    return at;
  }

  /** Multiplicative hashing (Knuth, TAOCP vol. 3, §6.4). */
  private firstChoice(key: number): number {
    return Math.imul(key, 0x9e3779b1) >>> this.shift;
  }
}
