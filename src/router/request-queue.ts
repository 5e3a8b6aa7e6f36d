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
  /** A binary heap. */
  private readonly heap: Entry[] = [];
  private sequence = 0;

  constructor(policy: QueuePolicy) {
    this.policy = policy;
  }

  get length(): number {
    return this.heap.length;
  }

  push(queued: QueuedRequest): void {
    const { heap } = this;
    const entry = { queued, key: sortKey(queued, this.policy), sequence: this.sequence++ };
    let at = heap.length;
    while (at > 0) {
      const up = (at - 1) >>> 1;
      if (!goesBefore(entry, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = entry;
  }

  /** The next to go; undefined when empty. */
  peek(): QueuedRequest | undefined {
    return this.heap[0]?.queued;
  }

  /** Takes a request out, wherever it stands; undefined when it does not wait. */
  remove(request: number): QueuedRequest | undefined {
    const at = this.heap.findIndex((entry) => entry.queued.request === request);
    if (at < 0) return undefined;
    const { queued } = this.heap[at]!;
    without(this.heap, at);
    return queued;
  }

  pop(): QueuedRequest | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first?.queued;
    const { length } = heap;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= length) break;
      if (down + 1 < length && goesBefore(heap[down + 1]!, heap[down]!)) down++;
      if (!goesBefore(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return first!.queued;
  }
}

/** Takes the place of an entry away. */
function without(heap: Entry[], at: number): void {
  heap.splice(at, 1);
  // In order it is a heap.
  heap.sort((a, b) => (goesBefore(a, b) ? -1 : 1));
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
