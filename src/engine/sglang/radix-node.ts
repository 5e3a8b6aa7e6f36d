/** A run of pages in a radix tree: pages [start, end) of the sequence of `owner`, reached through `parent`. */
export interface RadixNode {
  parent: RadixNode | null;
  /** A request whose sequence names the pages from the root to here. */
  owner: number;
  start: number;
  end: number;
  /** Requests that hold this node or one below it. */
  locks: number;
  children: number;
  /** When it was last used; larger is later. */
  stamp: number;
  /** The stamp it stands under in the queue of leaves, −1 = not queued. */
  queuedStamp: number;
  /** Still in the tree. */
  alive: boolean;
}

/** A node nobody holds or has used, with pages [start, end) of the sequence of `owner`. */
export function newRadixNode(parent: RadixNode | null, owner: number, start: number, end: number): RadixNode {
  return { parent, owner, start, end, locks: 0, children: 0, stamp: 0, queuedStamp: -1, alive: true };
}
