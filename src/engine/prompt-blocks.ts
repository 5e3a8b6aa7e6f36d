import type { Trace } from "../trace/trace.ts";

/**
 * Identities of the full key-value blocks of every prompt of a trace, at an engine's block size.
 *
 * Two prompts share engine block k exactly when their first (k + 1) · blockSize tokens are equal, and prompt tokens are
 * equal exactly when the trace blocks that cover them are equal from the start on. So a block is named by the trie node
 * (path of trace block ids) that covers its last token, and by its place among the engine blocks ending in that node.
 * Neither block size needs to divide the other.
 */
export class PromptBlocks {
  readonly blockSize: number;
  private readonly traceBlockSize: number;
  private readonly offsets: Float64Array | null;
  /** Number of the trie node of each trace block, in the order of `trace.blocks.ids`; only shared nodes have one. */
  private readonly nodes: Int32Array | null;
  /** Most engine blocks that can end within one trace block. */
  private readonly perNode: number;
  /** Engine blocks a trace block holds when it holds a whole number of them, else 0. */
  private readonly wholeRatio: number;
  /** Leading full blocks of each request's prompt that another request's prompt may share. */
  private readonly shared: Int32Array;
  /** Keys of shared blocks are below it. */
  readonly keySpan: number;

  constructor(trace: Trace, blockSize: number) {
    this.blockSize = blockSize;
    const blocks = sequenceBlocks(trace);
    this.traceBlockSize = blocks?.blockSize ?? 0;
    this.wholeRatio = this.traceBlockSize % blockSize === 0 ? this.traceBlockSize / blockSize : 0;
    this.perNode = this.wholeRatio || Math.ceil(this.traceBlockSize / blockSize) + 1;
    this.offsets = blocks?.offsets ?? null;
    this.nodes = blocks === null ? null : trieNodes(blocks.offsets, blocks.ids, blocks.distinct);
    this.shared = new Int32Array(trace.count);
    this.keySpan = this.nodes === null ? 0 : this.countShared(trace, this.nodes) * this.perNode;
  }

  /**
   * How many leading full blocks of a request's prompt may also be in another prompt: the only ones that need an
   * identity others can find. Never too few. Where later prompts contain the answer, its blocks count too: the number
   * may then exceed the full blocks of the prompt.
   */
  sharedBlocks(request: number): number {
    return this.shared[request]!;
  }

  /** Counts each prompt's shared blocks, and renumbers the nodes that several prompts share; returns how many. */
  private countShared(trace: Trace, nodes: Int32Array): number {
    const { traceBlockSize, blockSize } = this;
    const offsets = this.offsets!;
    let most = 0;
    for (const node of nodes) if (node > most) most = node;
    const users = new Int32Array(most + 1);
    for (const node of nodes) users[node]!++;
    for (let request = 0; request < trace.count; request++) {
      const first = offsets[request]!;
      const end = offsets[request + 1]!;
      let at = first;
      while (at < end && users[nodes[at]!]! > 1) at++;
      const known = trace.inputLength[request]! + (trace.continuations == null ? 0 : trace.outputLength[request]!);
      const tokens = Math.min((at - first) * traceBlockSize, known);
      this.shared[request] = Math.floor(tokens / blockSize);
    }
    let sharedNodes = 0;
    for (let node = 0; node <= most; node++) users[node] = users[node]! > 1 ? sharedNodes++ : -1;
    for (let at = 0; at < nodes.length; at++) nodes[at] = users[nodes[at]!]!;
    return sharedNodes;
  }

  /**
   * Identity of shared block `k` (< sharedBlocks) of a request's prompt: a number in 0..keySpan, equal for equal
   * prefixes. Negative numbers are left to blocks only one request can have (`ownBlockKey`).
   */
  key(request: number, k: number): number {
    const nodes = this.nodes!;
    const ratio = this.wholeRatio;
    if (ratio > 0) {
      const depth = (k / ratio) | 0;
      return nodes[this.offsets![request]! + depth]! * ratio + (k - depth * ratio);
    }
    const lastToken = (k + 1) * this.blockSize - 1;
    const depth = Math.floor(lastToken / this.traceBlockSize);
    const firstEnding = Math.ceil((depth * this.traceBlockSize + 1) / this.blockSize) - 1;
    return nodes[this.offsets![request]! + depth]! * this.perNode + (k - firstEnding);
  }
}

/** The blocks of every request's prompt; of its whole sequence where the trace tells how it goes on. */
function sequenceBlocks({ blocks, continuations, inputLength, count }: Trace): Trace["blocks"] {
  if (blocks === null || continuations == null) return blocks;
  const offsets = new Float64Array(count + 1);
  const wholeOf = (request: number) => Math.floor(inputLength[request]! / blocks.blockSize);
  for (let request = 0; request < count; request++) {
    const more = continuations.offsets[request + 1]! - continuations.offsets[request]!;
    offsets[request + 1] = offsets[request]! + wholeOf(request) + more;
  }
  const ids = new Int32Array(offsets[count]!);
  for (let request = 0; request < count; request++) {
    const from = blocks.offsets[request]!;
    ids.set(blocks.ids.subarray(from, from + wholeOf(request)), offsets[request]!);
    const more = continuations.ids.subarray(continuations.offsets[request]!, continuations.offsets[request + 1]!);
    ids.set(more, offsets[request]! + wholeOf(request));
  }
  return { ...blocks, offsets, ids };
}

/** Identity of a block nobody else can have: block `k` of a request's own sequence. Negative. */
export function ownBlockKey(request: number, k: number): number {
  return -1 - (request * 0x200000 + k);
}

/**
 * The trie node of every trace block: equal for equal leading ids of a request. Ids of recorded traces are usually
 * chained already (an id always follows the same parent); then the node is the id itself, and only the exceptions need
 * a map.
 */
function trieNodes(offsets: Float64Array, ids: Int32Array, distinct: number): Int32Array {
  const nodes = new Int32Array(ids.length);
  const usualParent = new Int32Array(distinct).fill(-2);
  const exceptions = new Map<number, number>();
  let nextNode = distinct;
  const span = ids.length + distinct + 1;
  for (let request = 0; request + 1 < offsets.length; request++) {
    let parent = -1;
    const end = offsets[request + 1]!;
    for (let at = offsets[request]!; at < end; at++) {
      const id = ids[at]!;
      let node: number;
      if (usualParent[id] === parent) node = id;
      else if (usualParent[id] === -2) {
        usualParent[id] = parent;
        node = id;
      } else {
        const path = (parent + 1) * span + id;
        const known = exceptions.get(path);
        if (known === undefined) {
          node = nextNode++;
          exceptions.set(path, node);
        } else node = known;
      }
      nodes[at] = node;
      parent = node;
    }
  }
  return nodes;
}
