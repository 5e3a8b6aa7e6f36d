import { orNull, realNumber } from "../../config/fields.ts";
import { definePolicy } from "../policy-definition.ts";
import { checkReplicaKnobs, replicaDefaults, replicaKnobs } from "../replica-knobs.ts";
import { PoolSizer } from "./pool-sizer.ts";
import { poolSla } from "./pool-twin.ts";
import { SloPlanner } from "./slo-planner.ts";
import type { SizedPool } from "./slo-planner.ts";

/** Requests a decision plays at most: enough that chance moves attainment by less than half a point. */
const playedRequests = 2000;

/** How long fewer replicas must have sufficed, where nobody says: replicas that are soon back can go sooner. */
function usualHoldSeconds(startupSeconds: number): number {
  return Math.min(300, 120 + 3 * startupSeconds);
}

/** Our own: enough replicas that the attainable requests meet their bounds, found on a model of the engines. */
export const sloPolicy = definePolicy({
  title: "the fewest replicas that keep the SLA, by playing recent traffic on a model of the engines",
  shape: {
    goal: realNumber({ above: 0, max: 1 }, "Share of the requests that can meet the SLA at all that shall meet it."),
    decision_seconds: realNumber(
      { above: 0 },
      "Seconds between decisions; a jump in traffic or waiting work does not wait for them.",
    ),
    hold_seconds: orNull(
      realNumber(
        { min: 0 },
        "Seconds fewer replicas must have sufficed before some are given back; the start-up time comes on top. More where the load kept coming back; null = 300, or 120 and three start-up times if that is less.",
      ),
    ),
    ...replicaKnobs,
  },
  defaults: { goal: 0.975, decision_seconds: 60, hold_seconds: null, ...replicaDefaults },
  tunable: {
    goal: [0.85, 0.9, 0.925, 0.95, 0.975, 0.99],
    hold_seconds: [60, 120, 300, 600, 900],
  },
  perPool: true,
  usesSla: true,
  check: checkReplicaKnobs,
  create: (knobsOf, { pools, limits, sla }) => {
    const bounds = { ttftMs: sla.ttftMs ?? Infinity, itlMs: sla.itlMs ?? Infinity };
    const { decision_seconds: decisionSeconds } = knobsOf(pools[0]!.name);
    const sized = pools.map((pool): SizedPool => {
      const { goal, hold_seconds, min_replicas, max_replicas } = knobsOf(pool.name);
      const minReplicas = min_replicas ?? limits.minReplicas;
      const maxReplicas = max_replicas ?? Infinity;
      const rules = {
        // Two pools share what may miss.
        tolerated: (1 - goal) / pools.length,
        sla: bounds,
        decisionSeconds,
        holdSeconds: (hold_seconds ?? usualHoldSeconds(pool.startupSeconds)) + pool.startupSeconds,
        backlogSeconds: (2 * poolSla(pool, bounds).ttftMs) / 1000,
        playedRequests,
        least: Math.max(1, minReplicas),
        most: maxReplicas,
      };
      return {
        bounds: { name: pool.name, gpusPerWorker: pool.gpusPerWorker, minReplicas, maxReplicas },
        sizer: new PoolSizer(pool, rules),
      };
    });
    return new SloPlanner(sized, limits, {
      tickSeconds: Math.min(10, decisionSeconds),
      decisionSeconds,
      keptRequests: 2 * playedRequests,
    });
  },
});
