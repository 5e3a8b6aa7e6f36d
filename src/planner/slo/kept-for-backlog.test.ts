import { expect, it } from "vitest";
import { frontEnd, gauges, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import type { PlannedPass, PolicyPool } from "../policy.ts";
import { PoolSizer } from "./pool-sizer.ts";
import { SloPlanner } from "./slo-planner.ts";

/** A pass takes a millisecond for each prompt token. */
const planned = {
  name: "agg",
  ranks: 1,
  gpusPerWorker: 1,
  startupSeconds: 60,
  maxSequences: null,
  maxBatchedTokens: 100,
  kvCapacityTokens: 1e6,
  passMs: ({ prefillTokens }: PlannedPass) => 1 + prefillTokens,
} as unknown as PolicyPool;

/** Replicas wanted at the end, of six with so many prompts waiting at each for a quarter of an hour, six a second coming. */
function wanted(waitingAtEach: number): number {
  const rules = { tolerated: 0.05, sla: { ttftMs: 2000, itlMs: 50 }, decisionSeconds: 60, holdSeconds: 120 };
  const sizer = new PoolSizer(planned, { ...rules, backlogSeconds: 3, playedRequests: 400, least: 1, most: 50 });
  const bounds = { name: "agg", gpusPerWorker: 1, minReplicas: 1, maxReplicas: 50 } as const;
  const timing = { tickSeconds: 10, decisionSeconds: 60, keptRequests: 4000 };
  const planner = new SloPlanner([{ bounds, sizer }], { minReplicas: 1, minGpus: null, maxGpus: null }, timing);
  let replicas = 6;
  for (let tick = 1; tick <= 90; tick++) {
    const nowSeconds = 10 * tick;
    const arrived = Array.from({ length: 60 }, (_, i) => ({
      id: 60 * tick + i,
      arrivalSeconds: nowSeconds - 10 + i / 6,
      inputTokens: 100,
    }));
    const completed = arrived.map(({ id }) => ({ id, outputTokens: 1, cachedTokens: 0, ttftMs: 100, itlMs: 0 }));
    const waiting = {
      awaitingFirstToken: waitingAtEach,
      awaitingInputTokens: 100 * waitingAtEach,
      inFlight: waitingAtEach,
    };
    const workers = Array.from({ length: 6 }, (_, id) => gauges(id, waiting));
    const seen = pool(
      workers.map(() => ({})),
      { workers, inFlight: 6 * waitingAtEach },
    );
    const front = frontEnd({ awaitingFirstToken: 6 * waitingAtEach, inFlight: 6 * waitingAtEach });
    const at = observation(nowSeconds, { agg: seen }, quietWindow(10), front);
    replicas = planner.onTick({ ...at, requests: { arrived, completed } }).replicas.agg ?? replicas;
  }
  return replicas;
}

it("replicas that work off a backlog are kept as long as there is one, though the traffic needs fewer", () => {
  expect(wanted(0)).toBe(1);
  expect(wanted(300)).toBeGreaterThanOrEqual(3);
});
