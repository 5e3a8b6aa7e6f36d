/** A block's content in a tier. */
interface StoredBlock {
  readonly key: number;
  /** Its content has arrived. */
  landed: boolean;
  /** Transfers that read or write it now: it may not be evicted. */
  pins: number;
}

/**
 * What one tier holds: contents by key, at most `capacity` of them. Room is made by dropping the content used longest
 * ago; what a transfer reads or writes stays.
 */
export class TierStore {
  readonly capacity: number;
  /** Contents dropped to make room. */
  evictions = 0;
  /** In the order of last use, oldest first. */
  private readonly blocks = new Map<number, StoredBlock>();
  private pinned = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.blocks.size;
  }

  /** Contents that could be taken in now, by dropping others. */
  get room(): number {
    return this.capacity - this.pinned;
  }

  /** Whether the content is here or on its way. */
  has(key: number): boolean {
    return this.blocks.has(key);
  }

  /** Whether the content can be read. */
  isReadable(key: number): boolean {
    return this.blocks.get(key)?.landed === true;
  }

  /** Makes room for a content that is on its way, and pins it; false when there is none. It must not be here. */
  reserve(key: number): boolean {
    if (this.blocks.size >= this.capacity && !this.evictOldest()) return false;
    this.blocks.set(key, { key, landed: false, pins: 1 });
    this.pinned++;
    return true;
  }

  /** A reserved content has arrived: its pin is gone, and it counts as just used. */
  land(key: number): void {
    const block = this.blocks.get(key)!;
    block.landed = true;
    this.touch(block);
    this.unpin(key);
  }

  /** Keeps a content while a transfer reads it; it counts as just used. */
  pin(key: number): void {
    const block = this.blocks.get(key)!;
    if (block.pins++ === 0) this.pinned++;
    this.touch(block);
  }

  unpin(key: number): void {
    const block = this.blocks.get(key)!;
    if (--block.pins === 0) this.pinned--;
  }

  private touch(block: StoredBlock): void {
    this.blocks.delete(block.key);
    this.blocks.set(block.key, block);
  }

  private evictOldest(): boolean {
    for (const block of this.blocks.values()) {
      if (block.pins > 0) continue;
      this.blocks.delete(block.key);
      this.evictions++;
      return true;
    }
    return false;
  }
}
