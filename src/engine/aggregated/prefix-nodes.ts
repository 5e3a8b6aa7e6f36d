import type { Trace, TraceBlocks } from "../../trace/trace.ts";

/**
 * The trie of the trace's shared prompt blocks: a node is a trace block in its place behind the blocks before it.
 * Blocks that stand in the trace once have no node, nor has anything behind them. Parents are numbered before children.
 */
export class PrefixNodes {
  count = 0;
  readonly parent: Int32Array;
  /** Blocks before the node in its chain. */
  readonly depth: Int32Array;
  /** Requests whose prompt reaches into the node. */
  readonly users: Int32Array;
  /** Deepest node of each request, −1 = none. */
  readonly last: Int32Array;
  /** First node made for each block identity, −1 = none yet. */
  private readonly nodeOfId: Int32Array;
  /** Nodes of identities that stand behind several parents, by parent and identity. */
  private readonly otherNodes = new Map<number, number>();
  private readonly distinct: number;

  constructor(trace: Trace, blocks: TraceBlocks) {
    const { ids, offsets, distinct } = blocks;
    this.distinct = distinct;
    const uses = new Int32Array(distinct);
    for (let i = 0; i < ids.length; i++) uses[ids[i]!]!++;
    let shared = 0;
    for (let id = 0; id < distinct; id++) if (uses[id]! > 1) shared += uses[id]!;
    // An identity used u times makes at most u nodes.
    const bound = Math.min(shared, ids.length);
    this.parent = new Int32Array(bound);
    this.depth = new Int32Array(bound);
    this.users = new Int32Array(bound);
    this.last = new Int32Array(trace.count).fill(-1);
    this.nodeOfId = new Int32Array(distinct).fill(-1);
    for (let request = 0; request < trace.count; request++) {
      const from = offsets[request]!;
      const needed = Math.ceil(trace.inputLength[request]! / blocks.blockSize);
      const to = Math.min(offsets[request + 1]!, from + needed);
      this.last[request] = this.enter(ids, from, to, uses);
    }
  }

  private enter(ids: Int32Array, from: number, to: number, uses: Int32Array): number {
    let node = -1;
    for (let i = from; i < to && uses[ids[i]!]! > 1; i++) {
      node = this.child(node, ids[i]!, i - from);
      this.users[node]!++;
    }
    return node;
  }

  private child(parent: number, id: number, depth: number): number {
    const first = this.nodeOfId[id]!;
    if (first < 0) return (this.nodeOfId[id] = this.create(parent, depth));
    if (this.parent[first] === parent) return first;
    const key = (parent + 1) * this.distinct + id;
    let node = this.otherNodes.get(key);
    if (node === undefined) {
      node = this.create(parent, depth);
      this.otherNodes.set(key, node);
    }
    return node;
  }

  private create(parent: number, depth: number): number {
    const node = this.count++;
    this.parent[node] = parent;
    this.depth[node] = depth;
    return node;
  }
}
