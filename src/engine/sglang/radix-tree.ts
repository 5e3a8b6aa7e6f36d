import { LeafQueue } from "./leaf-queue.ts";
import type { PageSequence } from "./page-sequence.ts";
import { newRadixNode, type RadixNode } from "./radix-node.ts";

/**
 * Page-compressed radix tree of cached sequences (other-engines-findings §4.27). A node stands for a run of pages, so
 * its size does not depend on the length of the sequences. Nodes on the path of a running request are locked; the rest
 * may be evicted, least recently used leaf first, from the tail of the leaf.
 */
export class RadixTree {
  readonly root: RadixNode = newRadixNode(null, -1, 0, 0);
  /** Pages in the tree, and those of them on locked nodes. */
  pages = 0;
  lockedPages = 0;
  /** Told what enters and leaves the tree: pages [from, to) of the sequence of `owner`. */
  onStored: ((owner: number, from: number, to: number) => void) | null = null;
  onRemoved: ((owner: number, from: number, to: number) => void) | null = null;
  /** Told the same of what leaves it, for lower cache tiers. */
  onEvicted: ((owner: number, from: number, to: number) => void) | null = null;
  private readonly sequence: PageSequence;
  /** Every node but the root, by the key of its first page. */
  private readonly byFirstPage = new Map<number, RadixNode>();
  private readonly leaves = new LeafQueue();
  private clock = 0;

  constructor(sequence: PageSequence) {
    this.sequence = sequence;
    this.root.locks = 1;
  }

  /** Leading pages of a request's sequence that are in the tree, at most `limit`. Changes nothing. */
  residentPages(request: number, limit: number): number {
    let depth = 0;
    while (depth < limit) {
      const child = this.byFirstPage.get(this.sequence.key(request, depth));
      if (child === undefined) return depth;
      const to = Math.min(child.end, limit);
      depth = this.sequence.commonPages(request, child.owner, depth, to);
      if (depth < child.end) return depth;
    }
    return depth;
  }

  /**
   * Walks as far as the sequence agrees, at most `limit` pages. Nodes it passes wholly count as used; one it leaves in
   * the middle is split, and the part it passed keeps its access time.
   * @returns the node the match ends in; its `end` is the number of pages matched
   */
  match(request: number, limit: number): RadixNode {
    const stamp = ++this.clock;
    this.root.stamp = stamp;
    return this.walk(request, this.root, limit, stamp);
  }

  private walk(request: number, from: RadixNode, limit: number, stamp: number): RadixNode {
    let node = from;
    while (node.end < limit) {
      const child = this.byFirstPage.get(this.sequence.key(request, node.end));
      if (child === undefined) break;
      const to = Math.min(child.end, limit);
      const common = this.sequence.commonPages(request, child.owner, node.end + 1, to);
      if (common < child.end) return this.split(child, common);
      child.stamp = stamp;
      this.leaves.offer(child);
      node = child;
    }
    return node;
  }

  /** Cuts a node at a page; returns the new upper part. */
  private split(node: RadixNode, at: number): RadixNode {
    const upper = newRadixNode(node.parent, node.owner, node.start, at);
    upper.locks = node.locks;
    upper.children = 1;
    upper.stamp = node.stamp;
    this.byFirstPage.set(this.sequence.key(node.owner, node.start), upper);
    this.byFirstPage.set(this.sequence.key(node.owner, at), node);
    node.parent = upper;
    node.start = at;
    return upper;
  }

  /**
   * Enters the first `target` pages of a request's sequence and moves the request's lock from `held` (the node it has
   * locked) to the node they end in.
   * @returns that node; its pages beyond `held.end` that were there already are told by `lastDuplicates`
   */
  insert(request: number, held: RadixNode, target: number): RadixNode {
    const stamp = ++this.clock;
    for (let node: RadixNode | null = held; node !== null; node = node.parent) node.stamp = stamp;
    this.leaves.offer(held);
    const at = this.walk(request, held, target, stamp);
    this.lastDuplicates = at.end - held.end;
    let last = at;
    if (at.end < target) last = this.append(request, at, held, target);
    this.moveLock(held, last);
    return last;
  }

  /** Pages of the last `insert` that were in the tree already. */
  lastDuplicates = 0;

  private append(request: number, at: RadixNode, held: RadixNode, target: number): RadixNode {
    const added = target - at.end;
    this.pages += added;
    this.onStored?.(request, at.end, target);
    const own = at === held ? at.locks === 1 : at.locks === 0;
    if (own && at.children === 0 && at !== this.root) {
      at.owner = request;
      at.end = target;
      if (at.locks > 0) this.lockedPages += added;
      return at;
    }
    const child = newRadixNode(at, request, at.end, target);
    child.stamp = ++this.clock;
    at.children++;
    this.byFirstPage.set(this.sequence.key(request, child.start), child);
    return child;
  }

  /** Moves a lock down from a node to itself or a node below it. */
  private moveLock(from: RadixNode, to: RadixNode): void {
    for (let node = to; node !== from; node = node.parent!) {
      if (node.locks++ === 0) this.lockedPages += node.end - node.start;
    }
  }

  /** Keeps a node and all above it from being evicted. */
  lock(node: RadixNode): void {
    this.moveLock(this.root, node);
  }

  /** Takes a lock back. */
  unlock(node: RadixNode): void {
    for (let at = node; at !== this.root; at = at.parent!) {
      if (--at.locks === 0) {
        this.lockedPages -= at.end - at.start;
        this.leaves.offer(at);
      }
    }
  }

  /** Evicts up to `count` pages; returns how many it could. */
  evict(count: number): number {
    let left = count;
    while (left > 0) {
      const leaf = this.leaves.oldest();
      if (leaf === null) break;
      const taken = Math.min(left, leaf.end - leaf.start);
      this.onRemoved?.(leaf.owner, leaf.end - taken, leaf.end);
      this.onEvicted?.(leaf.owner, leaf.end - taken, leaf.end);
      leaf.end -= taken;
      this.pages -= taken;
      left -= taken;
      if (leaf.end === leaf.start) this.remove(leaf);
    }
    return count - left;
  }

  private remove(leaf: RadixNode): void {
    this.byFirstPage.delete(this.sequence.key(leaf.owner, leaf.start));
    leaf.alive = false;
    const parent = leaf.parent!;
    parent.children--;
    if (parent !== this.root) this.leaves.offer(parent);
  }
}
