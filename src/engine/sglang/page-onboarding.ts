import type { KvTiers } from "../tiers/kv-tiers.ts";
import type { PageSequence } from "./page-sequence.ts";
import { sequenceLength, type SglangRequest } from "./sglang-request.ts";
import type { TokenPool } from "./token-pool.ts";

/**
 * Requests of an SGLang-like scheduler whose pages come back from lower cache tiers: they wait outside the queue with
 * their pages reserved (engine-reference §3.1).
 */
export class PageOnboarding {
  /** Those whose pages are on their way. */
  readonly requests = new Set<SglangRequest>();
  /** Those whose pages have come, in that order. */
  readonly ready: SglangRequest[] = [];
  private readonly tiers: KvTiers;
  private readonly pool: TokenPool;
  private readonly sequence: PageSequence;

  constructor(tiers: KvTiers, pool: TokenPool, sequence: PageSequence) {
    this.tiers = tiers;
    this.pool = pool;
    this.sequence = sequence;
    pool.tree.onEvicted = (owner, from, to) => {
      for (let page = to - 1; page >= from; page--) tiers.onEvicted(sequence.key(owner, page));
    };
  }

  /** How many there are, whose pages have come or not. */
  get size(): number {
    return this.requests.size + this.ready.length;
  }

  /**
   * Begins to bring back what lower tiers have of a request's prompt, if there is anything and the prompt fits.
   * @param fits whether there is room for a request, `found` tokens of which are brought back and `rest` computed
   * @returns tokens that are brought back, 0 = none; the request then waits outside the queue until they have come
   */
  bringBack(state: SglangRequest, fits: (found: number, rest: number) => boolean): number {
    const { pool, sequence, tiers } = this;
    if (state.materialised > 0) return 0;
    const { pageSize } = pool;
    const length = sequenceLength(state);
    const most = Math.floor((state.outputLimit === 0 ? length : length - 1) / pageSize);
    const resident = pool.residentPages(state.request, most);
    const key = (page: number) => sequence.key(state.request, page);
    const run = tiers.find(key, resident, most);
    const found = run.host + run.disk + run.object;
    if (found === 0) return 0;
    pool.takePrefix(state, resident);
    const tokens = (resident + found) * pageSize;
    if (found > pool.availablePages || !fits(found * pageSize, length - tokens)) {
      pool.release(state);
      return 0;
    }
    this.requests.add(state);
    const makeRoom = () => pool.grow(state, tokens);
    tiers.onboard(key, resident, run, makeRoom, () => {
      // It may have been taken out meanwhile.
      if (!this.requests.delete(state)) return;
      state.materialised = tokens;
      state.broughtBack = true;
      pool.cache(state, tokens);
      tiers.countHits(run, pageSize);
      this.ready.push(state);
    });
    return found * pageSize;
  }

  /** Takes a request out, its pages with it; null when none are on their way to it. */
  withdraw(request: number): SglangRequest | null {
    for (const state of this.requests) {
      if (state.request !== request) continue;
      this.requests.delete(state);
      this.pool.release(state);
      return state;
    }
    return null;
  }
}
