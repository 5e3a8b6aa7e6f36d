/**
 * Numbers 64-bit hash ids densely from 0, in order of first appearance. Small ids, which most traces use, go through
 * a direct table that grows with what has been seen; the others through open addressing on typed arrays. A hash id is
 * given as its upper and lower 32 bits.
 */
export class BlockNumbering {
  /** Dense number + 1 of a small id; 0 = not seen. */
  #direct = new Int32Array(1 << 12);
  /** Slots of the hash table: dense number + 1; 0 = empty. */
  #slots = new Int32Array(0);
  #slotLow = new Uint32Array(0);
  #slotHigh = new Uint32Array(0);
  #hashed = 0;
  #distinct = 0;

  /** How many different ids have been numbered. */
  get distinct(): number {
    return this.#distinct;
  }

  /** Replaces the first `count` ids, all below 2^31, by their dense numbers. */
  numberSmall(ids: Int32Array, count: number): void {
    let direct = this.#direct;
    for (let index = 0; index < count; index++) {
      const id = ids[index]!;
      const known = id < direct.length ? direct[id]! : 0;
      if (known !== 0) {
        ids[index] = known - 1;
      } else {
        ids[index] = this.numberOfSmall(id);
        direct = this.#direct;
      }
    }
  }

  /** Replaces the first `count` ids, given as lower and upper halves, by their dense numbers. */
  numberLarge(ids: Int32Array, upperHalves: Uint32Array, count: number): void {
    for (let index = 0; index < count; index++) ids[index] = this.numberOf(upperHalves[index]!, ids[index]! >>> 0);
  }

  /** Dense number of an id below 2^31. */
  numberOfSmall(id: number): number {
    if (id < this.#direct.length || this.#growDirect(id)) {
      const known = this.#direct[id]!;
      if (known !== 0) return known - 1;
      // An id may have been seen before the direct table reached it.
      const number = this.#hashed === 0 ? -1 : this.#find(0, id);
      const dense = number >= 0 ? number : this.#distinct++;
      this.#direct[id] = dense + 1;
      return dense;
    }
    return this.numberOf(0, id);
  }

  /** Dense number of any id; both halves are unsigned 32-bit. */
  numberOf(high: number, low: number): number {
    if (high === 0 && low < this.#direct.length) return this.numberOfSmall(low);
    const found = this.#find(high, low);
    if (found >= 0) return found;
    if (this.#hashed * 2 >= this.#slots.length) this.#growSlots();
    const dense = this.#distinct++;
    this.#insert(high, low, dense);
    this.#hashed += 1;
    return dense;
  }

  #growDirect(id: number): boolean {
    if (id >= 1 << 26 || id > this.#distinct * 8 + (1 << 20)) return false;
    let length = this.#direct.length;
    while (length <= id) length *= 2;
    const grown = new Int32Array(length);
    grown.set(this.#direct);
    this.#direct = grown;
    return true;
  }

  #find(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    if (mask < 0) return -1;
    for (let slot = mix(high, low) & mask; ; slot = (slot + 1) & mask) {
      const dense = this.#slots[slot]!;
      if (dense === 0) return -1;
      if (this.#slotLow[slot] === low && this.#slotHigh[slot] === high) return dense - 1;
    }
  }

  #insert(high: number, low: number, dense: number): void {
    const mask = this.#slots.length - 1;
    let slot = mix(high, low) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = dense + 1;
    this.#slotLow[slot] = low;
    this.#slotHigh[slot] = high;
  }

  #growSlots(): void {
    const { length } = this.#slots;
    const old = { dense: this.#slots, low: this.#slotLow, high: this.#slotHigh };
    const grown = Math.max(1 << 12, length * 2);
    this.#slots = new Int32Array(grown);
    this.#slotLow = new Uint32Array(grown);
    this.#slotHigh = new Uint32Array(grown);
    for (let slot = 0; slot < length; slot++) {
      if (old.dense[slot] !== 0) this.#insert(old.high[slot]!, old.low[slot]!, old.dense[slot]! - 1);
    }
  }
}

/** Spreads a 64-bit id over 32 bits (the finalizer of MurmurHash3, Appleby 2011, over both halves). */
function mix(high: number, low: number): number {
  let h = (low ^ Math.imul(high, 0x9e3779b1)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
