/** What the order of a waiting request depends on. */
export interface QueuedRequest {
  readonly request: number;
  readonly arrivalSeconds: number;
  /** Cached blocks on each target when it arrived, by target id. */
  readonly overlapBlocks: ReadonlyMap<number, number>;
  /** Prompt tokens the best target would have to compute. */
  readonly uncachedTokens: number;
  /** Seconds by which it counts as older. */
  readonly priority: number;
  /** Higher ones go before all lower ones. */
  readonly strictPriority: number;
}

export type QueuePolicy = "fcfs" | "lcfs" | "wspt";

/** Requests the router holds back, the next to go first (engine-reference §6). */
export class RequestQueue {
  private readonly policy: QueuePolicy;
  /** Sorted: the next to go stands last. */
  private readonly entries: { readonly queued: QueuedRequest; readonly key: number; readonly sequence: number }[] = [];
  private sequence = 0;

  constructor(policy: QueuePolicy) {
    this.policy = policy;
  }

  get length(): number {
    return this.entries.length;
  }

  push(queued: QueuedRequest): void {
    const entry = { queued, key: sortKey(queued, this.policy), sequence: this.sequence++ };
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (goesBefore(entry, this.entries[middle]!)) low = middle + 1;
      else high = middle;
    }
    this.entries.splice(low, 0, entry);
  }

  /** The next to go; undefined when empty. */
  peek(): QueuedRequest | undefined {
    return this.entries.at(-1)?.queued;
  }

  pop(): QueuedRequest | undefined {
    return this.entries.pop()?.queued;
  }
}

function sortKey(queued: QueuedRequest, policy: QueuePolicy): number {
  switch (policy) {
    case "fcfs":
      return queued.priority - queued.arrivalSeconds;
    case "lcfs":
      return queued.priority + queued.arrivalSeconds;
    case "wspt":
      return (1 + queued.priority) / Math.max(1, queued.uncachedTokens);
  }
}

interface Entry {
  readonly queued: QueuedRequest;
  readonly key: number;
  readonly sequence: number;
}

function goesBefore(a: Entry, b: Entry): boolean {
  if (a.queued.strictPriority !== b.queued.strictPriority) return a.queued.strictPriority > b.queued.strictPriority;
  return a.key !== b.key ? a.key > b.key : a.sequence < b.sequence;
}
