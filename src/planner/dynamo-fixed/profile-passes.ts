import type { PassLoad } from "../dynamo/pass-kind.ts";
import type { PolicyPool } from "../policy.ts";

/** A pass of a profile made before the run. */
export interface ProfiledPass {
  readonly load: PassLoad;
  readonly passMs: number;
}

/**
 * What a profiling job would measure of the pool's engine: prompts of several lengths, batches of several contexts, and
 * both together. The reference sweeps the first two only (planner-reference §7.2).
 */
export function profilePasses(pool: PolicyPool): ProfiledPass[] {
  const tokens = pool.maxBatchedTokens ?? 8192;
  const most = pool.maxSequences ?? 256;
  const prompts =
    pool.name === "decode" ? [0] : [0, 1 / 32, 1 / 8, 1 / 4, 1 / 2, 1].map((share) => Math.floor(tokens * share));
  const batches = pool.name === "prefill" ? [0] : [0, 1, 8, 32, 96, 192].filter((batch) => batch <= most);
  const passes: ProfiledPass[] = [];
  for (const prefillTokens of prompts) {
    for (const decodeRequests of batches) {
      for (const context of decodeRequests === 0 ? [0] : [500, 4000]) {
        const decodeKvTokens = decodeRequests * context;
        const tooMuch = prefillTokens + decodeRequests > tokens || decodeKvTokens > pool.kvCapacityTokens;
        if (tooMuch || prefillTokens + decodeRequests === 0) continue;
        const passMs = pool.passMs({
          prefillRequests: prefillTokens > 0 ? 1 : 0,
          prefillTokens,
          prefillPrefixTokens: 0,
          decodeRequests,
          decodeKvTokens,
        });
        passes.push({ load: { prefillTokens, decodeRequests, decodeKvTokens }, passMs });
      }
    }
  }
  return passes;
}
