import type { PromptIdentity } from "./prompt-identity.ts";

/** Larger key ranges are counted in a map instead of an array. */
const LARGEST_ARRAY = 1 << 22;

/**
 * The distinct prompt blocks of the requests active on one target (other-engines-findings §5.33). Blocks a prompt
 * shares with no other are only numbers; the shared ones are counted by identity.
 */
export class ActiveBlocks {
  /** Distinct full prompt blocks of the active requests. */
  distinct = 0;
  private readonly prompts: PromptIdentity;
  private readonly uses: Int32Array | Map<number, number>;

  constructor(prompts: PromptIdentity) {
    this.prompts = prompts;
    this.uses = prompts.keySpan <= LARGEST_ARRAY ? new Int32Array(prompts.keySpan) : new Map<number, number>();
  }

  /** Adds the full blocks of a request's prompt. */
  add(request: number, fullBlocks: number): void {
    const shared = Math.min(this.prompts.sharedBlocks(request), fullBlocks);
    this.distinct += fullBlocks - shared;
    for (let block = 0; block < shared; block++) {
      if (this.change(this.prompts.key(request, block), 1) === 1) this.distinct++;
    }
  }

  /** Takes back what `add` added. */
  remove(request: number, fullBlocks: number): void {
    const shared = Math.min(this.prompts.sharedBlocks(request), fullBlocks);
    this.distinct -= fullBlocks - shared;
    for (let block = 0; block < shared; block++) {
      if (this.change(this.prompts.key(request, block), -1) === 0) this.distinct--;
    }
  }

  /** Leading blocks of a request's prompt that are among the active ones. */
  leading(request: number, fullBlocks: number): number {
    // Active blocks come with all before them, so the first missing one is found by bisection.
    let low = 0;
    let high = Math.min(this.prompts.sharedBlocks(request), fullBlocks);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.count(this.prompts.key(request, middle)) > 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private count(key: number): number {
    return this.uses instanceof Map ? (this.uses.get(key) ?? 0) : this.uses[key]!;
  }

  private change(key: number, by: number): number {
    if (!(this.uses instanceof Map)) return (this.uses[key]! += by);
    const count = (this.uses.get(key) ?? 0) + by;
    if (count === 0) this.uses.delete(key);
    else this.uses.set(key, count);
    return count;
  }
}
