/** A routed request stops being a load, wholly or for its prefill only. */
export interface Release {
  readonly atNs: number;
  readonly request: number;
  /** Place among all requests in the order they were sent; with equal times the earlier one is released first. */
  readonly sequence: number;
  readonly target: number;
  readonly kind: "prefill" | "left";
}

/** Releases that are known, the first to happen first: by time, target and the order the requests were sent in. */
export class ReleaseQueue {
  /** A binary heap. */
  private readonly heap: Release[] = [];

  /** Time of the first release, Infinity when none is known. */
  get nextNs(): number {
    return this.heap.length === 0 ? Infinity : this.heap[0]!.atNs;
  }

  push(release: Release): void {
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const up = (at - 1) >>> 1;
      if (!precedes(release, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = release;
  }

  /** Removes the first release; only when there is one. */
  pop(): Release {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= length) break;
      if (down + 1 < length && precedes(heap[down + 1]!, heap[down]!)) down++;
      if (!precedes(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

function precedes(a: Release, b: Release): boolean {
  if (a.atNs !== b.atNs) return a.atNs < b.atNs;
  if (a.target !== b.target) return a.target < b.target;
  if (a.sequence !== b.sequence) return a.sequence < b.sequence;
  // Who leaves with the first token does so in one go.
  return a.kind === "left" && b.kind === "prefill";
}
