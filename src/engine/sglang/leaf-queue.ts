import type { RadixNode } from "./radix-node.ts";

/**
 * The leaves of a radix tree that may be evicted, oldest access first. Entries are not removed when a leaf changes:
 * stale ones are dropped when they come up.
 */
export class LeafQueue {
  private readonly nodes: RadixNode[] = [];
  private readonly stamps: number[] = [];

  /** Adds a leaf, or tells its new access time; no effect on nodes that may not be evicted now. */
  offer(node: RadixNode): void {
    if (node.locks > 0 || node.children > 0 || node.queuedStamp === node.stamp) return;
    node.queuedStamp = node.stamp;
    let at = this.nodes.length;
    this.nodes.push(node);
    this.stamps.push(node.stamp);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.stamps[parent]! <= node.stamp) break;
      this.place(at, this.nodes[parent]!, this.stamps[parent]!);
      at = parent;
    }
    this.place(at, node, node.stamp);
  }

  /** The leaf accessed longest ago, or null. It stays queued until it is removed from the tree or touched. */
  oldest(): RadixNode | null {
    while (this.nodes.length > 0) {
      const node = this.nodes[0]!;
      if (node.alive && node.locks === 0 && node.children === 0 && node.stamp === this.stamps[0]) return node;
      if (node.queuedStamp === this.stamps[0]) node.queuedStamp = -1;
      this.dropFirst();
    }
    return null;
  }

  private dropFirst(): void {
    const node = this.nodes.pop()!;
    const stamp = this.stamps.pop()!;
    const length = this.nodes.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.stamps[child + 1]! < this.stamps[child]!) child++;
      if (this.stamps[child]! >= stamp) break;
      this.place(at, this.nodes[child]!, this.stamps[child]!);
      at = child;
    }
    this.place(at, node, stamp);
  }

  private place(at: number, node: RadixNode, stamp: number): void {
    this.nodes[at] = node;
    this.stamps[at] = stamp;
  }
}
