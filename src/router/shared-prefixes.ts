/**
 * What a router knows of the content of prompts: the prefixes that several requests share, as a forest of edges. An edge
 * is a run of full blocks that a request holds whole or not at all; what no other request holds has no edge.
 */
export interface SharedPrefixes {
  /** Number of edges. */
  readonly count: number;
  /** Edge before this one in its chain, −1 = none. */
  readonly parent: Int32Array;
  /** Blocks of the chain before the edge, and with it. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Deepest edge of every request, −1 = none; empty when nothing is shared. */
  readonly lastEdge: Int32Array;
}

/** The edges of one request from the root on. One object is used again and again. */
export class PrefixPath {
  /** The first `length` entries are the path. */
  edges = new Int32Array(16);
  length = 0;
  /** Blocks the path covers. */
  blocks = 0;
  private readonly prefixes: SharedPrefixes;

  constructor(prefixes: SharedPrefixes) {
    this.prefixes = prefixes;
  }

  /** Makes this the path of a request. */
  follow(request: number): void {
    const { count, parent, end, lastEdge } = this.prefixes;
    this.length = 0;
    this.blocks = 0;
    if (count === 0) return;
    const last = lastEdge[request]!;
    if (last < 0) return;
    this.blocks = end[last]!;
    let length = 0;
    for (let edge = last; edge >= 0; edge = parent[edge]!) length++;
    if (length > this.edges.length) this.edges = new Int32Array(length * 2);
    this.length = length;
    for (let edge = last; edge >= 0; edge = parent[edge]!) this.edges[--length] = edge;
  }
}
