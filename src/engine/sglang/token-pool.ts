import type { PageSequence } from "./page-sequence.ts";
import { RadixTree } from "./radix-tree.ts";
import { sequenceLength, type SglangRequest } from "./sglang-request.ts";

/**
 * The key-value pages of one rank: some in the radix tree, some private to a request, the rest free. Pages have no
 * identity, only their number matters.
 */
export class TokenPool {
  readonly tree: RadixTree;
  readonly pageSize: number;
  readonly totalPages: number;
  private readonly cachingEnabled: boolean;
  /** Pages held by requests outside the tree. */
  private privatePages = 0;

  constructor(totalPages: number, sequence: PageSequence, cachingEnabled: boolean) {
    this.tree = new RadixTree(sequence);
    this.pageSize = sequence.pageSize;
    this.totalPages = totalPages;
    this.cachingEnabled = cachingEnabled;
  }

  get freePages(): number {
    return this.totalPages - this.tree.pages - this.privatePages;
  }

  /** Pages that can be had: free ones and cached ones nobody has locked. */
  get availablePages(): number {
    return this.totalPages - this.tree.lockedPages - this.privatePages;
  }

  /** Pages somebody uses. */
  get activePages(): number {
    return this.tree.lockedPages + this.privatePages;
  }

  /** Leading pages of a sequence that are cached, at most `limit`. Changes nothing. */
  residentPages(request: number, limit: number): number {
    return this.cachingEnabled ? this.tree.residentPages(request, limit) : 0;
  }

  /** Locks the cached leading pages of a request that holds none, at most `limit`; returns how many. */
  takePrefix(state: SglangRequest, limit: number): number {
    if (!this.cachingEnabled) return 0;
    const node = this.tree.match(state.request, limit);
    this.tree.lock(node);
    state.node = node;
    state.pages = node.end;
    return node.end;
  }

  /** Gives a request private pages until it can hold `tokens`, evicting what it must; false if the pool is too small. */
  grow(state: SglangRequest, tokens: number): boolean {
    const wanted = Math.ceil(tokens / this.pageSize) - state.pages;
    if (wanted <= 0) return true;
    if (wanted > this.availablePages) return false;
    this.ensureFree(wanted);
    this.privatePages += wanted;
    state.pages += wanted;
    return true;
  }

  /** Evicts until `pages` are free, or nothing is left to evict. */
  ensureFree(pages: number): void {
    const short = pages - this.freePages;
    if (short > 0) this.tree.evict(short);
  }

  /** Enters the full pages of the first `tokens` of a request's sequence into the tree. */
  cache(state: SglangRequest, tokens: number): void {
    if (!this.cachingEnabled) return;
    const before = state.node.end;
    const target = Math.floor(tokens / this.pageSize);
    if (target === before) return;
    state.node = this.tree.insert(state.request, state.node, target);
    // What moved into the tree, and copies of what was there, are private no more.
    this.privatePages -= target - before;
  }

  /** Lets go of a request's pages: private ones become free, those in the tree may be evicted. */
  release(state: SglangRequest): void {
    this.privatePages -= state.pages - state.node.end;
    this.tree.unlock(state.node);
    state.node = this.tree.root;
    state.pages = 0;
    state.materialised = 0;
  }

  /** A request is done: its first `tokens` stay in the tree, the rest is free. */
  finish(state: SglangRequest, tokens: number): void {
    this.cache(state, tokens);
    this.release(state);
  }

  /** Whether the whole sequence of a request fits the empty pool. */
  couldHold(state: SglangRequest): boolean {
    return Math.ceil(sequenceLength(state) / this.pageSize) <= this.totalPages;
  }
}
