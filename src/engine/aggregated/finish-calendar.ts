import { SlotBitmap } from "./slot-bitmap.ts";

/** Buckets of the calendar; a power of two. Passes further away share a bucket with nearer ones. */
const bucketCount = 1024;

/**
 * The running decodes by the pass in which they emit their last token: a timing wheel of linked lists (Varghese and
 * Lauck, SOSP 1987). Entries of a bucket stand in running order.
 */
export class FinishCalendar {
  private readonly heads = new Int32Array(bucketCount).fill(-1);
  private readonly tails = new Int32Array(bucketCount).fill(-1);
  private readonly occupied = new SlotBitmap(bucketCount);
  private next = new Int32Array(64);
  private previous = new Int32Array(64);
  private pass = new Int32Array(64);
  private order = new Int32Array(64);

  /** Enters a slot of the running table as finishing in `pass`; `order` is its place in running order. */
  add(slot: number, pass: number, order: number): void {
    if (slot >= this.next.length) this.grow(slot + 1);
    const bucket = pass & (bucketCount - 1);
    // A prefill that was cut may come after requests that were admitted behind it; nearly always this is the tail.
    let before = this.tails[bucket]!;
    while (before >= 0 && this.order[before]! > order) before = this.previous[before]!;
    const after = before < 0 ? this.heads[bucket]! : this.next[before]!;
    this.pass[slot] = pass;
    this.order[slot] = order;
    this.previous[slot] = before;
    this.next[slot] = after;
    if (before < 0) {
      this.heads[bucket] = slot;
      this.occupied.set(bucket);
    } else this.next[before] = slot;
    if (after < 0) this.tails[bucket] = slot;
    else this.previous[after] = slot;
  }

  /** Takes a slot out again. */
  remove(slot: number): void {
    const bucket = this.pass[slot]! & (bucketCount - 1);
    const next = this.next[slot]!;
    const previous = this.previous[slot]!;
    if (previous < 0) this.heads[bucket] = next;
    else this.next[previous] = next;
    if (next < 0) this.tails[bucket] = previous;
    else this.previous[next] = previous;
    if (this.heads[bucket]! < 0) this.occupied.clear(bucket);
  }

  /**
   * Passes from `pass` to the first that may finish a request (0 = `pass` itself). Never too late; it may be early,
   * when a bucket holds only requests that finish a whole turn of the wheel later.
   */
  passesToNext(pass: number): number {
    return this.occupied.distanceFrom(pass & (bucketCount - 1));
  }

  /** First slot that finishes in `pass`, −1 if none. */
  firstAt(pass: number): number {
    return this.due(this.heads[pass & (bucketCount - 1)]!, pass);
  }

  /** The slot after `slot` that finishes in the same pass, −1 if none. */
  nextAt(slot: number, pass: number): number {
    return this.due(this.next[slot]!, pass);
  }

  private due(slot: number, pass: number): number {
    while (slot >= 0 && this.pass[slot] !== pass) slot = this.next[slot]!;
    return slot;
  }

  private grow(slots: number): void {
    const capacity = Math.max(slots, this.next.length * 2);
    this.next = enlarged(this.next, capacity);
    this.previous = enlarged(this.previous, capacity);
    this.pass = enlarged(this.pass, capacity);
    this.order = enlarged(this.order, capacity);
  }
}

/** A copy of the column with room for `capacity` entries. */
export function enlarged(column: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(column);
  return larger;
}
