import type { SglangRequest } from "./sglang-request.ts";
import type { SglangScheduler } from "./sglang-scheduler.ts";
import type { TokenPool } from "./token-pool.ts";

/** What is done when the pool is too small for what runs or waits, and nobody else can give pages. */
export class PageShortage {
  private readonly scheduler: SglangScheduler;
  private readonly pool: TokenPool;

  constructor(scheduler: SglangScheduler, pool: TokenPool) {
    this.scheduler = scheduler;
    this.pool = pool;
  }

  /** Whether the last running request needs more pages than can be had for a burst of `burst` tokens. */
  isOutgrown(burst: number): boolean {
    const { scheduler, pool } = this;
    if (scheduler.running.length !== 1 || scheduler.decodeGrowth(burst) <= pool.availablePages) return false;
    // A half-computed prompt that waits can give its pages back.
    return !this.dropWaitingPages() || scheduler.decodeGrowth(burst) > pool.availablePages;
  }

  /** The last running request, which can never go on, without its pages. */
  takeOutgrown(): SglangRequest {
    const state = this.scheduler.running.pop()!;
    this.pool.release(state);
    return state;
  }

  /**
   * Nothing runs and nothing can start, though somebody waits.
   * @returns the first in line, which can never start, without its pages; null when others' pages may let it start
   */
  takeHopeless(): SglangRequest | null {
    const { waiting } = this.scheduler;
    const head = waiting[0]!;
    if (head.pages < this.pool.activePages && this.dropWaitingPages()) return null;
    waiting.shift();
    this.pool.release(head);
    return head;
  }

  /** Takes the pages of half-computed prompts back; they start over. Whether there were any. */
  private dropWaitingPages(): boolean {
    let dropped = false;
    for (const state of this.scheduler.waiting) {
      if (state.pages === 0) continue;
      this.pool.release(state);
      dropped = true;
    }
    return dropped;
  }
}
