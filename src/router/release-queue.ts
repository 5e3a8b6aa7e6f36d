import { BinaryHeap } from "./binary-heap.ts";

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
  private readonly heap = new BinaryHeap(precedes);

  /** Time of the first release, Infinity when none is known. */
  get nextNs(): number {
    return this.heap.first?.atNs ?? Infinity;
  }

  push(release: Release): void {
    this.heap.push(release);
  }

  /** Removes the first release; only when there is one. */
  pop(): Release {
    return this.heap.pop()!;
  }
}

function precedes(a: Release, b: Release): boolean {
  if (a.atNs !== b.atNs) return a.atNs < b.atNs;
  if (a.target !== b.target) return a.target < b.target;
  if (a.sequence !== b.sequence) return a.sequence < b.sequence;
  // Who leaves with the first token does so in one go.
  return a.kind === "left" && b.kind === "prefill";
}
