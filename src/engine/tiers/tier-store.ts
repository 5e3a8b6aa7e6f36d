/** A block's content in a tier. */
interface StoredBlock {
  readonly key: number;
  /** Its content has arrived. */
  landed: boolean;
  /** Transfers that read or write it now: it may not be evicted. */
  pins: number;
  /** Neighbours among those nobody has pinned, by last use. */
  older: StoredBlock;
  newer: StoredBlock;
}

/** The two ends of the contents nobody has pinned: `newer` is the oldest of them, `older` the newest. */
function newList(): StoredBlock {
  const list = { key: NaN, landed: false, pins: 0 } as StoredBlock;
  list.older = list;
  list.newer = list;
  return list;
}

/**
 * What one tier holds: contents by key, at most `capacity` of them. Room is made by dropping the content used longest
 * ago; what a transfer reads or writes stays.
 */
export class TierStore {
  readonly capacity: number;
  /** Contents dropped to make room. */
  evictions = 0;
  private readonly blocks = new Map<number, StoredBlock>();
  private readonly unpinned = newList();
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
    const { unpinned } = this;
    this.blocks.set(key, { key, landed: false, pins: 1, older: unpinned, newer: unpinned });
    this.pinned++;
    return true;
  }

  /** A reserved content has arrived: its pin is gone. */
  land(key: number): void {
    const block = this.blocks.get(key)!;
    block.landed = true;
    this.letGo(block);
  }

  /** Keeps a content while a transfer reads it. */
  pin(key: number): void {
    const block = this.blocks.get(key)!;
    if (block.pins++ > 0) return;
    this.pinned++;
    unlink(block);
  }

  /** Takes a pin back. With the last one the content counts as just used. */
  unpin(key: number): void {
    this.letGo(this.blocks.get(key)!);
  }

  private letGo(block: StoredBlock): void {
    if (--block.pins > 0) return;
    this.pinned--;
    const { unpinned } = this;
    block.older = unpinned.older;
    block.newer = unpinned;
    unpinned.older.newer = block;
    unpinned.older = block;
  }

  private evictOldest(): boolean {
    const oldest = this.unpinned.newer;
    if (oldest === this.unpinned) return false;
    unlink(oldest);
    this.blocks.delete(oldest.key);
    this.evictions++;
    return true;
  }
}

function unlink(block: StoredBlock): void {
  block.older.newer = block.newer;
  block.newer.older = block.older;
}
