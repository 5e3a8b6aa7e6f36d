import { orNull, wholeNumber } from "../../config/fields.ts";
import { definePolicy } from "../policy-definition.ts";
import { PoolByPoolPolicy } from "../pool-by-pool.ts";
import type { PoolScaler } from "../pool-by-pool.ts";
import { replicaWords } from "../replica-words.ts";

/** A fixed fleet: what every autoscaler has to be better than. */
export const staticPolicy = definePolicy({
  title: "a fixed number of replicas",
  shape: {
    replicas: orNull(wholeNumber({ min: 0 }, "Replicas of the pool; null = those at the start.")),
    interval_seconds: wholeNumber({ min: 1 }, "Seconds between ticks."),
  },
  defaults: { replicas: null, interval_seconds: 15 },
  perPool: true,
  create: (knobsOf, { pools, limits }) =>
    new PoolByPoolPolicy(
      knobsOf(pools[0]!.name).interval_seconds,
      pools.map((pool) => {
        const replicas = knobsOf(pool.name).replicas ?? pool.replicas;
        return { pool, scaler: fixed(replicas), minReplicas: 0, maxReplicas: null };
      }),
      limits,
      0,
    ),
});

function fixed(replicas: number): PoolScaler {
  const decision = { replicas, reason: `${replicaWords(replicas)}, always.` };
  return { decide: () => decision };
}
