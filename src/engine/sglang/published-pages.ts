import type { PageSequence } from "./page-sequence.ts";
import type { RadixTree } from "./radix-tree.ts";

/** Pages [from, to) of the sequence of `owner` entered the tree or left it. */
interface Change {
  readonly owner: number;
  readonly from: number;
  readonly to: number;
  readonly stored: boolean;
}

/** What a router knows to be in the tree: SGLang-like engines publish at the end of a pass what it has changed. */
export class PublishedPages {
  private readonly sequence: PageSequence;
  private readonly changes: Change[] = [];

  constructor(tree: RadixTree, sequence: PageSequence) {
    this.sequence = sequence;
    tree.onStored = (owner, from, to) => this.changes.push({ owner, from, to, stored: true });
    tree.onRemoved = (owner, from, to) => this.changes.push({ owner, from, to, stored: false });
  }

  /** The pass has ended. */
  publish(): void {
    this.changes.length = 0;
  }

  /**
   * Leading pages of a request's sequence that were in the tree before the changes.
   * @param now leading pages that are in it
   * @param limit look no further
   */
  before(request: number, now: number, limit: number): number {
    let pages = now;
    for (let i = this.changes.length - 1; i >= 0; i--) {
      const { owner, from, to, stored } = this.changes[i]!;
      // Before pages were stored their sequence ended with `from`; before they were removed it ended with `to`.
      if (from >= limit || (stored ? pages <= from : pages !== from)) continue;
      const common = this.sequence.commonPages(request, owner, 0, Math.min(to, limit));
      if (common > from) pages = stored ? from : common;
    }
    return pages;
  }
}
