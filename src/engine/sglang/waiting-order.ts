import type { PageSequence } from "./page-sequence.ts";
import { sequenceLength, type SglangRequest } from "./sglang-request.ts";
import type { TokenPool } from "./token-pool.ts";

/** Longer queues keep their order. */
const MOST_SORTED = 128;
/** A request whose cached prefix is no longer may be put back behind one with the same beginning. */
const SHORT_PREFIX_TOKENS = 32;

/**
 * Sorts waiting requests by longest cached prefix first (other-engines-findings §4.30). A request with hardly anything
 * cached goes behind the others when one with the same first tokens stands before it: once that one has run, its prefix
 * will be there.
 */
export function sortByCachedPrefix(waiting: SglangRequest[], pool: TokenPool, sequence: PageSequence): void {
  if (waiting.length > MOST_SORTED || waiting.length < 2) return;
  const { pageSize } = pool;
  const beginningPages = Math.ceil(SHORT_PREFIX_TOKENS / pageSize);
  const seen = new Set<number>();
  const ranked = waiting.map((state) => {
    const length = sequenceLength(state);
    const prefix = pool.residentPages(state.request, Math.floor(length / pageSize)) * pageSize;
    let postponed = false;
    if (prefix <= SHORT_PREFIX_TOKENS && length >= beginningPages * pageSize) {
      const beginning = sequence.key(state.request, beginningPages - 1);
      postponed = seen.has(beginning);
      seen.add(beginning);
    }
    return { state, postponed, prefix };
  });
  ranked.sort((a, b) => Number(a.postponed) - Number(b.postponed) || b.prefix - a.prefix);
  for (let i = 0; i < ranked.length; i++) waiting[i] = ranked[i]!.state;
}
