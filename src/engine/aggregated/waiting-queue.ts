/**
 * The queue in front of the scheduler: first in first out, and a preempted request goes back to the front. Entries
 * are request indices, or the complement (`~slot`) of the running-table slot that keeps a preempted request.
 */
export class WaitingQueue {
  private ring = new Int32Array(64);
  private head = 0;
  /** Entries waiting. */
  size = 0;

  /** The entry whose turn is next; only when `size` > 0. */
  first(): number {
    return this.ring[this.head]!;
  }

  removeFirst(): void {
    this.head = (this.head + 1) & (this.ring.length - 1);
    this.size--;
  }

  pushBack(entry: number): void {
    if (this.size === this.ring.length) this.grow();
    this.ring[(this.head + this.size) & (this.ring.length - 1)] = entry;
    this.size++;
  }

  /** Puts an entry behind the last one for which `after` does not hold, looking from the end. */
  insertFromBack(entry: number, after: (other: number) => boolean): void {
    this.pushBack(entry);
    const { ring } = this;
    const mask = ring.length - 1;
    let at = this.head + this.size - 1;
    for (; at > this.head && after(ring[(at - 1) & mask]!); at--) ring[at & mask] = ring[(at - 1) & mask]!;
    ring[at & mask] = entry;
  }

  pushFront(entry: number): void {
    if (this.size === this.ring.length) this.grow();
    this.head = (this.head - 1) & (this.ring.length - 1);
    this.ring[this.head] = entry;
    this.size++;
  }

  private grow(): void {
    const ring = this.ring;
    const larger = new Int32Array(ring.length * 2);
    const first = ring.subarray(this.head);
    larger.set(first);
    larger.set(ring.subarray(0, this.head), first.length);
    this.ring = larger;
    this.head = 0;
  }
}
