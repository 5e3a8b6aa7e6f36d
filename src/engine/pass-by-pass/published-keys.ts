import type { PagedKvCache } from "./paged-kv-cache.ts";

/** What a router knows to be resident where the engine publishes at the end of a pass: the cache before that pass. */
export class PublishedKeys {
  private readonly cache: PagedKvCache;
  /** Keys whose residency has changed since, and what it was. */
  private readonly before = new Map<number, boolean>();

  constructor(cache: PagedKvCache) {
    this.cache = cache;
    cache.onKeyChange = (key, resident) => {
      if (!this.before.has(key)) this.before.set(key, !resident);
    };
  }

  /** The pass has ended. */
  publish(): void {
    if (this.before.size > 0) this.before.clear();
  }

  has(key: number): boolean {
    return this.before.get(key) ?? this.cache.find(key) >= 0;
  }
}
