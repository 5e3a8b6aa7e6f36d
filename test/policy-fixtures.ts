import type { PoolName } from "../src/planner/planner.ts";
import type { PolicyPool } from "../src/planner/policy.ts";
import type { BuiltInContext } from "../src/planner/policy-definition.ts";
import { plannerConfig } from "./planner-fixtures.ts";

/** A pool of one-GPU workers; a pass costs 5 ms, 0.02 ms a prompt token and 0.1 ms a decode. */
export function policyPool(name: PoolName, overrides: Partial<PolicyPool> = {}): PolicyPool {
  return {
    name,
    replicas: 1,
    gpusPerWorker: 1,
    startupSeconds: 0,
    kvCapacityTokens: 400_000,
    kvBlockSize: 64,
    prefixCaching: true,
    maxBatchedTokens: 8192,
    maxSequences: 256,
    maxModelLength: null,
    ranks: 1,
    draftTokens: 0,
    passMs: ({ prefillTokens, decodeRequests, decodeKvTokens }) =>
      prefillTokens + decodeRequests === 0
        ? 0
        : 5 + 0.02 * prefillTokens + 0.1 * decodeRequests + 1e-5 * decodeKvTokens,
    ...overrides,
  };
}

/** An aggregated run of at most 8 GPUs, SLA 1,500 ms and 50 ms. */
export function policyContext(pool: Partial<PolicyPool> = {}, overrides: Partial<BuiltInContext> = {}): BuiltInContext {
  return {
    pools: [policyPool("agg", pool)],
    limits: { minReplicas: 1, minGpus: null, maxGpus: 8 },
    sla: { ttftMs: 1500, itlMs: 50 },
    seed: 0,
    dynamo: plannerConfig({ itlMs: 50 }),
    ...overrides,
  };
}

/** The same, with a prefill and a decode pool. */
export function disaggregatedContext(overrides: Partial<BuiltInContext> = {}): BuiltInContext {
  return policyContext({}, { pools: [policyPool("prefill"), policyPool("decode")], ...overrides });
}
