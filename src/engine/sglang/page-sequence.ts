import { ownBlockKey, type PromptBlocks } from "../prompt-blocks.ts";

/**
 * Names the key-value pages of every request's sequence (prompt, then its own generated tokens). Two requests share page
 * k exactly when its keys are equal, which says their sequences are equal up to the end of the page; so the length two
 * sequences have in common is found by bisection, without a list of pages.
 */
export class PageSequence {
  readonly pageSize: number;
  private readonly prompts: PromptBlocks;

  /** @param prompts identities at a block size of one page */
  constructor(prompts: PromptBlocks) {
    this.pageSize = prompts.blockSize;
    this.prompts = prompts;
  }

  /** Identity of page `page` of a request's sequence; equal for equal sequences up to the page's end. */
  key(request: number, page: number): number {
    return page < this.prompts.sharedBlocks(request) ? this.prompts.key(request, page) : ownBlockKey(request, page);
  }

  /**
   * How far two sequences agree.
   * @param from they are known to agree before this page
   * @param to the comparison ends here; both sequences have this many pages
   * @returns number of leading pages they share, from ≤ result ≤ to
   */
  commonPages(a: number, b: number, from: number, to: number): number {
    if (a === b || from >= to) return to;
    if (this.key(a, to - 1) === this.key(b, to - 1)) return to;
    let low = from;
    let high = to - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.key(a, middle) === this.key(b, middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
