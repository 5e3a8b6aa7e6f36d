import { BinaryHeap } from "./binary-heap.ts";

/** What the order of a waiting request depends on. */
export interface QueuedRequest {
  readonly request: number;
  readonly arrivalNs: number;
  /** Cached blocks on each target when it arrived; targets in the order of `targetIds`. */
  readonly overlapBlocks: readonly number[];
  readonly targetIds: readonly number[];
  /** Prompt tokens, and those of them the best target had cached. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  /** Seconds by which it counts as older. */
  readonly priority: number;
  /** Higher ones go before all lower ones. */
  readonly strictPriority: number;
}

/** Which waiting request goes first: the oldest, the newest, or the one that costs least for its weight. */
export type QueuePolicy = "fcfs" | "lcfs" | "wspt";

/** Prompt tokens the best target would have to compute: what sending the request costs its class, at least 1. */
export function sendingCost({ promptTokens, cachedTokens }: QueuedRequest): number {
  return Math.max(1, promptTokens - cachedTokens);
}

interface Entry {
  readonly queued: QueuedRequest;
  readonly key: number;
  readonly sequence: number;
}

/** Requests the router holds back, the next to go first (engine-reference §6). */
export class RequestQueue {
  private readonly policy: QueuePolicy;
  private readonly heap = new BinaryHeap(goesBefore);
  private sequence = 0;

  constructor(policy: QueuePolicy) {
    this.policy = policy;
  }

  get length(): number {
    return this.heap.length;
  }

  push(queued: QueuedRequest): void {
    this.heap.push({ queued, key: sortKey(queued, this.policy), sequence: this.sequence++ });
  }

  /** The next to go; undefined when empty. */
  peek(): QueuedRequest | undefined {
    return this.heap.first?.queued;
  }

  /** Takes a request out, wherever it stands; undefined when it does not wait. */
  remove(request: number): QueuedRequest | undefined {
    return this.heap.remove(({ queued }) => queued.request === request)?.queued;
  }

  /** Takes the next to go; undefined when empty. */
  pop(): QueuedRequest | undefined {
    return this.heap.pop()?.queued;
  }
}

function sortKey(queued: QueuedRequest, policy: QueuePolicy): number {
  switch (policy) {
    case "fcfs":
      return queued.priority * 1e9 - queued.arrivalNs;
    case "lcfs":
      return queued.priority * 1e9 + queued.arrivalNs;
    case "wspt":
      return (1 + queued.priority) / sendingCost(queued);
  }
}

function goesBefore(a: Entry, b: Entry): boolean {
  if (a.queued.strictPriority !== b.queued.strictPriority) return a.queued.strictPriority > b.queued.strictPriority;
  return a.key !== b.key ? a.key > b.key : a.sequence < b.sequence;
}
