import { BlockIndex } from "./block-index.ts";

/**
 * Paged key-value cache of one rank with prefix caching (engine-reference §4.1, engine-findings §1.7-1.9).
 *
 * A physical block is free, referenced, or cached (unreferenced, kept for reuse, evicted in the order of release). A
 * block's key names its content; two physical copies may stand under one key, and a look-up gives the oldest.
 */
export class PagedKvCache {
  /** Stands in `keys` for content only one request can have. */
  private static readonly ownContent = -1;
  readonly numBlocks: number;
  private readonly cachingEnabled: boolean;
  private readonly references: Int32Array;
  private readonly keys: Float64Array;
  /** Next and previous copy registered under the same key, −1 = none; and, for the oldest copy, the newest one. */
  private readonly nextCopy: Int32Array;
  private readonly previousCopy: Int32Array;
  private readonly newestCopy: Int32Array;
  /** Neighbours in the eviction list; index numBlocks is the list's head. */
  private readonly olderCached: Int32Array;
  private readonly newerCached: Int32Array;
  private readonly freeStack: Int32Array;
  private freeCount: number;
  private cachedCount = 0;
  private readonly index: BlockIndex;
  /** Keys of blocks of preempted requests that nobody else can share. */
  private readonly ownKeys = new Map<number, number>();
  /** Those of their keys that two blocks have stood under. */
  private readonly twiceOwn = new Set<number>();
  /** Grows whenever the answer of a prefix look-up may change. */
  version = 0;
  /** Called with a key when its first copy is registered (true) or its last copy is evicted (false). */
  onKeyChange: ((key: number, resident: boolean) => void) | null = null;
  /** Called with the key of a content whose last copy is evicted, one request's own included (see `rememberOwn`). */
  onEvicted: ((key: number) => void) | null = null;

  /** @param keySpan keys of blocks that can be shared are below it */
  constructor(numBlocks: number, cachingEnabled: boolean, keySpan: number) {
    this.numBlocks = numBlocks;
    this.cachingEnabled = cachingEnabled;
    this.references = new Int32Array(numBlocks);
    this.keys = new Float64Array(numBlocks).fill(NaN);
    this.nextCopy = new Int32Array(numBlocks).fill(-1);
    this.previousCopy = new Int32Array(numBlocks).fill(-1);
    this.newestCopy = new Int32Array(numBlocks).fill(-1);
    this.olderCached = new Int32Array(numBlocks + 1).fill(numBlocks);
    this.newerCached = new Int32Array(numBlocks + 1).fill(numBlocks);
    this.freeStack = new Int32Array(numBlocks);
    for (let i = 0; i < numBlocks; i++) this.freeStack[i] = numBlocks - 1 - i;
    this.freeCount = numBlocks;
    this.index = new BlockIndex(keySpan);
  }

  /** Blocks somebody references. */
  get activeBlocks(): number {
    return this.numBlocks - this.freeCount - this.cachedCount;
  }

  /** Blocks that can be had: free ones and cached ones nobody references. */
  get availableBlocks(): number {
    return this.freeCount + this.cachedCount;
  }

  /** The oldest resident block with this key, or −1. */
  find(key: number): number {
    return this.index.get(key);
  }

  /** Whether a block with this key is resident. */
  has(key: number): boolean {
    return this.index.get(key) >= 0;
  }

  isReferenced(block: number): boolean {
    return this.references[block]! > 0;
  }

  /** Adds a reference to a resident block. */
  acquire(block: number): void {
    if (this.references[block]!++ === 0) {
      this.unlinkCached(block);
      this.version++;
    }
  }

  /** A fresh referenced block without a key: a free one, else the least recently released cached one. */
  allocate(): number {
    if (this.freeCount === 0) this.evictOldest();
    const block = this.freeStack[--this.freeCount]!;
    this.references[block] = 1;
    return block;
  }

  /** Evicts until `count` blocks are free. The caller has checked `availableBlocks`. */
  ensureFree(count: number): void {
    while (this.freeCount < count) this.evictOldest();
  }

  /** Names a block's content, which makes it findable; no effect when caching is off or the block has a key. */
  register(block: number, key: number): void {
    if (!this.cachingEnabled || !Number.isNaN(this.keys[block]!)) return;
    this.keys[block] = key;
    this.version++;
    const oldest = this.index.get(key);
    if (oldest < 0) {
      this.index.set(key, block);
      this.newestCopy[block] = block;
      this.onKeyChange?.(key, true);
      return;
    }
    const newest = this.newestCopy[oldest]!;
    this.nextCopy[newest] = block;
    this.previousCopy[block] = newest;
    this.newestCopy[oldest] = block;
  }

  /** Marks a block's content as worth keeping although only its request could find it again. */
  registerOwn(block: number): void {
    if (this.cachingEnabled && Number.isNaN(this.keys[block]!)) this.keys[block] = PagedKvCache.ownContent;
  }

  /** Makes a block of `registerOwn` findable under `key` (negative) from now on. */
  rememberOwn(block: number, key: number): void {
    if (this.keys[block] !== PagedKvCache.ownContent) return;
    this.ownKeys.set(block, key);
    const other = this.index.get(key);
    if (other < 0) this.index.set(key, block);
    else if (other !== block) this.twiceOwn.add(key);
    this.version++;
  }

  /** Drops a reference; the last one sends a named block to the cache, a nameless one back to the free list. */
  release(block: number): void {
    if (--this.references[block]! > 0) return;
    this.version++;
    if (Number.isNaN(this.keys[block]!)) this.freeStack[this.freeCount++] = block;
    else this.linkNewest(block);
  }

  /** Throws unless every block is in exactly one state. For tests. */
  checkInvariants(): void {
    let referenced = 0;
    for (let block = 0; block < this.numBlocks; block++) {
      if (this.references[block]! < 0) throw new Error(`block ${block} has negative references`);
      if (this.references[block]! > 0) referenced++;
    }
    const free = new Set(this.freeStack.subarray(0, this.freeCount));
    const cached = new Set<number>();
    for (let at = this.newerCached[this.numBlocks]!; at !== this.numBlocks; at = this.newerCached[at]!) cached.add(at);
    if (free.size !== this.freeCount) throw new Error("a block is free twice");
    if (cached.size !== this.cachedCount) throw new Error("the eviction list lost a block");
    for (const block of cached) if (free.has(block)) throw new Error(`block ${block} is free and cached`);
    if (referenced + free.size + cached.size !== this.numBlocks) throw new Error("blocks are not conserved");
    for (const [key, oldest] of this.index.entries()) {
      for (let at = oldest; at >= 0; at = this.nextCopy[at]!) {
        if (this.keys[at] !== (key < 0 ? PagedKvCache.ownContent : key))
          throw new Error(`block ${at} stands under a wrong key`);
        if (free.has(at)) throw new Error(`free block ${at} can be found`);
      }
    }
  }

  private evictOldest(): void {
    const block = this.newerCached[this.numBlocks]!;
    this.unlinkCached(block);
    const key = this.keys[block]!;
    this.keys[block] = NaN;
    this.freeStack[this.freeCount++] = block;
    this.version++;
    if (key === PagedKvCache.ownContent) this.forgetOwn(block);
    else this.forgetShared(block, key);
  }

  private forgetOwn(block: number): void {
    const key = this.ownKeys.get(block);
    if (key === undefined) return;
    this.ownKeys.delete(block);
    if (this.index.get(key) !== block) return;
    this.index.delete(key);
    if (this.twiceOwn.has(key)) {
      for (const [other, otherKey] of this.ownKeys) {
        if (otherKey !== key) continue;
        this.index.set(key, other);
        return;
      }
      this.twiceOwn.delete(key);
    }
    this.onEvicted?.(key);
  }

  private forgetShared(block: number, key: number): void {
    const next = this.nextCopy[block]!;
    const previous = this.previousCopy[block]!;
    if (previous >= 0) {
      this.nextCopy[previous] = next;
      if (next >= 0) this.previousCopy[next] = previous;
      else this.newestCopy[this.index.get(key)] = previous;
    } else if (next >= 0) {
      this.index.set(key, next);
      this.previousCopy[next] = -1;
      this.newestCopy[next] = this.newestCopy[block]!;
    } else {
      this.index.delete(key);
      this.onKeyChange?.(key, false);
      this.onEvicted?.(key);
    }
    this.nextCopy[block] = -1;
    this.previousCopy[block] = -1;
  }

  private linkNewest(block: number): void {
    const head = this.numBlocks;
    const newest = this.olderCached[head]!;
    this.newerCached[newest] = block;
    this.olderCached[block] = newest;
    this.newerCached[block] = head;
    this.olderCached[head] = block;
    this.cachedCount++;
  }

  private unlinkCached(block: number): void {
    const older = this.olderCached[block]!;
    const newer = this.newerCached[block]!;
    this.newerCached[older] = newer;
    this.olderCached[newer] = older;
    this.cachedCount--;
  }
}
