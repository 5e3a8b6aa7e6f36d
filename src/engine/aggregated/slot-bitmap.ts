/** A circle of slots of which some are occupied; finds the next occupied one a word at a time. */
export class SlotBitmap {
  readonly size: number;
  private readonly words: Int32Array;

  constructor(size: number) {
    this.size = size;
    this.words = new Int32Array((size + 31) >>> 5);
  }

  /** Marks a slot occupied. */
  set(slot: number): void {
    this.words[slot >>> 5]! |= 1 << (slot & 31);
  }

  /** Marks a slot empty. */
  clear(slot: number): void {
    this.words[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  /** Steps forward around the circle from `slot` to the first occupied one: 0 if it is occupied itself, `size` if none is. */
  distanceFrom(slot: number): number {
    const words = this.words;
    let index = slot >>> 5;
    const here = words[index]! >>> (slot & 31);
    if (here !== 0) return trailingZeros(here);
    const count = words.length;
    for (index++; index < count; index++) {
      if (words[index] !== 0) return (index << 5) + trailingZeros(words[index]!) - slot;
    }
    const last = slot >>> 5;
    for (index = 0; index <= last; index++) {
      if (words[index] !== 0) return (index << 5) + trailingZeros(words[index]!) + this.size - slot;
    }
    return this.size;
  }
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}
