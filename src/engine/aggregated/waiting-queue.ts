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
