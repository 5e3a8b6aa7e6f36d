import { expect, it } from "vitest";
import { frontEnd, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import type { PlannedPass, PolicyPool } from "../policy.ts";
import { PoolSizer } from "./pool-sizer.ts";
import { SloPlanner } from "./slo-planner.ts";

/** A pass takes 10 ms and another for each request that decodes. */
const planned = {
  name: "agg",
  ranks: 1,
  gpusPerWorker: 1,
  startupSeconds: 0,
  maxSequences: null,
  maxBatchedTokens: null,
  kvCapacityTokens: 1e6,
  passMs: ({ decodeRequests }: PlannedPass) => 10 + decodeRequests,
} as unknown as PolicyPool;

/** Replicas wanted of one after two minutes of 20 requests a second with answers of 41 tokens, at most 6 ms apart. */
function wanted(meanAcceptLength: number | null): number {
  const rules = { tolerated: 0.05, sla: { ttftMs: 1000, itlMs: 6 }, decisionSeconds: 60, holdSeconds: 300 };
  const sizer = new PoolSizer(planned, { ...rules, backlogSeconds: 3, playedRequests: 400, least: 1, most: 50 });
  const bounds = { name: "agg", gpusPerWorker: 1, minReplicas: 1, maxReplicas: 50 } as const;
  const timing = { tickSeconds: 10, decisionSeconds: 60, keptRequests: 4000 };
  const planner = new SloPlanner([{ bounds, sizer }], { minReplicas: 1, minGpus: null, maxGpus: null }, timing);
  let replicas = 1;
  for (let tick = 1; tick <= 12; tick++) {
    const arrived = Array.from({ length: 200 }, (_, i) => ({
      id: 200 * tick + i,
      arrivalSeconds: 10 * (tick - 1) + i / 20,
      inputTokens: 10,
    }));
    const completed = arrived.map(({ id }) => ({ id, outputTokens: 41, cachedTokens: 0, ttftMs: 20, itlMs: 5.5 }));
    const traffic = { ...quietWindow(10), meanAcceptLength };
    const seen = observation(10 * tick, { agg: pool([{}]) }, traffic, frontEnd());
    replicas = planner.onTick({ ...seen, requests: { arrived, completed } }).replicas.agg ?? replicas;
  }
  return replicas;
}

it("what a pass gives more than a token counts: bounds on gaps are within reach then, and replicas needed for them", () => {
  // At a token a pass no fleet keeps 6 ms. At two a replica may have two requests under way: 20 · 20 passes of 12 ms.
  expect(wanted(null)).toBe(1);
  expect(wanted(2)).toBeGreaterThanOrEqual(3);
  expect(wanted(2)).toBeLessThanOrEqual(8);
  // At eight, six passes are enough.
  expect(wanted(8)).toBeLessThan(wanted(2));
});
