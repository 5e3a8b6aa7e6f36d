import type { Trace, TraceBlocks } from "../../trace/trace.ts";
import { PrefixNodes } from "./prefix-nodes.ts";

/**
 * The shared prompt prefixes of a trace in engine blocks, radix-compressed: an edge is a run of blocks that every
 * request holding one of them holds whole, and that at least two requests hold. Blocks of one request only have no edge.
 * A request's shared prefix is the chain of parents of its last edge.
 */
export interface PrefixEdges {
  /** Number of edges. */
  readonly count: number;
  /** Edge before this one in its chain, −1 = none. Always smaller than the edge itself. */
  readonly parent: Int32Array;
  /** Blocks of the chain before the edge, and with it. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Deepest edge of every request, −1 = none; empty when nothing is shared. */
  readonly lastEdge: Int32Array;
}

/** The edges of prompts that share nothing. */
export const noEdges: PrefixEdges = {
  count: 0,
  parent: new Int32Array(0),
  start: new Int32Array(0),
  end: new Int32Array(0),
  lastEdge: new Int32Array(0),
};

/** Block sizes whose edges are kept for a trace. */
const MOST_BLOCK_SIZES = 4;

const found = new WeakMap<Trace, Map<number, PrefixEdges>>();

/** The edges of a trace at a block size, found once for all that ask; those of the last few sizes are kept. */
export function prefixEdges(trace: Trace, blockSize: number): PrefixEdges {
  const known = found.get(trace) ?? new Map<number, PrefixEdges>();
  found.set(trace, known);
  const edges = known.get(blockSize) ?? buildPrefixEdges(trace, blockSize);
  known.delete(blockSize);
  known.set(blockSize, edges);
  for (const oldest of known.keys()) {
    if (known.size <= MOST_BLOCK_SIZES) break;
    known.delete(oldest);
  }
  return edges;
}

/**
 * Finds the edges. Prompts agree in as many tokens as their leading trace blocks agree in, bounded by both lengths;
 * an engine block is shared when all tokens up to its end are. Edges are cut where users part or end, and one block
 * before the end of prompts that end on a block boundary: that last block is computed anew even when it is resident.
 */
export function buildPrefixEdges(trace: Trace, blockSize: number): PrefixEdges {
  if (trace.blocks === null || trace.count < 2) return noEdges;
  const nodes = new PrefixNodes(trace, trace.blocks);
  if (nodes.count === 0) return noEdges;
  return new EdgeBuilder(trace, trace.blocks, nodes, blockSize).build();
}

/** Cuts the trie of shared trace blocks into edges. */
class EdgeBuilder {
  private readonly trace: Trace;
  private readonly traceBlockSize: number;
  private readonly nodes: PrefixNodes;
  private readonly blockSize: number;
  private readonly parent: number[] = [];
  private readonly start: number[] = [];
  private readonly end: number[] = [];
  private readonly users: number[] = [];
  /** Deepest edge at the end of each node. */
  private readonly edgeOfNode: Int32Array;
  /** Cuts inside each node, linked: positions and how many requests end there. */
  private readonly firstCut: Int32Array;
  private readonly nextCut: number[] = [];
  private readonly cutAt: number[] = [];
  private readonly cutUsers: number[] = [];

  constructor(trace: Trace, blocks: TraceBlocks, nodes: PrefixNodes, blockSize: number) {
    this.trace = trace;
    this.traceBlockSize = blocks.blockSize;
    this.nodes = nodes;
    this.blockSize = blockSize;
    this.edgeOfNode = new Int32Array(nodes.count).fill(-1);
    this.firstCut = new Int32Array(nodes.count).fill(-1);
  }

  build(): PrefixEdges {
    this.collectCuts();
    for (let node = 0; node < this.nodes.count; node++) this.cutNode(node);
    const lastEdge = new Int32Array(this.trace.count).fill(-1);
    for (let request = 0; request < this.trace.count; request++) {
      const node = this.nodes.last[request]!;
      if (node < 0) continue;
      const blocks = Math.floor(this.trace.inputLength[request]! / this.blockSize);
      let edge = this.edgeOfNode[node]!;
      while (edge >= 0 && this.start[edge]! >= blocks) edge = this.parent[edge]!;
      lastEdge[request] = edge;
    }
    return {
      count: this.parent.length,
      parent: Int32Array.from(this.parent),
      start: Int32Array.from(this.start),
      end: Int32Array.from(this.end),
      lastEdge,
    };
  }

  /** Where the prompts that end inside shared nodes end. */
  private collectCuts(): void {
    const { trace, nodes, blockSize, traceBlockSize } = this;
    for (let request = 0; request < trace.count; request++) {
      const node = nodes.last[request]!;
      if (node < 0) continue;
      const length = trace.inputLength[request]!;
      if (length > (nodes.depth[node]! + 1) * traceBlockSize) continue;
      const blocks = Math.floor(length / blockSize);
      if (length % blockSize === 0) this.addCut(node, blocks - 1, 0);
      this.addCut(node, blocks, 1);
    }
  }

  private addCut(node: number, at: number, users: number): void {
    this.nextCut.push(this.firstCut[node]!);
    this.firstCut[node] = this.cutAt.length;
    this.cutAt.push(at);
    this.cutUsers.push(users);
  }

  /** Cuts the engine blocks whose last token lies in the node's trace block. */
  private cutNode(node: number): void {
    const { nodes, traceBlockSize, blockSize } = this;
    const depth = nodes.depth[node]!;
    let from = Math.floor((depth * traceBlockSize) / blockSize);
    const nodeEnd = Math.floor(((depth + 1) * traceBlockSize) / blockSize);
    const parentNode = nodes.parent[node]!;
    let edge = parentNode < 0 ? -1 : this.edgeOfNode[parentNode]!;
    let users = nodes.users[node]!;
    let extendable = true;
    for (const cut of this.sortedCuts(node)) {
      const to = Math.min(this.cutAt[cut]!, nodeEnd);
      if (to > from) {
        edge = this.segment(edge, from, to, users, extendable);
        from = to;
      }
      if (to === from) extendable = false;
      users -= this.cutUsers[cut]!;
    }
    if (nodeEnd > from) edge = this.segment(edge, from, nodeEnd, users, extendable);
    this.edgeOfNode[node] = edge;
  }

  private sortedCuts(node: number): readonly number[] {
    let cut = this.firstCut[node]!;
    if (cut < 0) return noCuts;
    const cuts: number[] = [];
    for (; cut >= 0; cut = this.nextCut[cut]!) cuts.push(cut);
    return cuts.toSorted((a, b) => this.cutAt[a]! - this.cutAt[b]!);
  }

  /** Blocks from..to held by `users` requests: more of the edge before them, or an edge of their own. */
  private segment(edge: number, from: number, to: number, users: number, extendable: boolean): number {
    if (users < 2) return edge;
    if (extendable && edge >= 0 && this.users[edge] === users && this.end[edge] === from) {
      this.end[edge] = to;
      return edge;
    }
    this.parent.push(edge);
    this.start.push(from);
    this.end.push(to);
    this.users.push(users);
    return this.parent.length - 1;
  }
}

const noCuts: readonly number[] = [];
