import type { EngineConfig } from "../engine/engine-config.ts";
import { prefixEdges } from "../engine/aggregated/prefix-edges.ts";
import type { Worker } from "../engine/worker.ts";
import type { WorkerPool } from "../fleet/worker-pool.ts";
import { SeededRandom } from "../random/seeded-random.ts";
import type { RequestPriority } from "../router/kv-router.ts";
import { kvRouterDefaults } from "../router/kv-router-settings.ts";
import { SeededChoice } from "../router/target-choice.ts";
import type { RouterRole } from "../router/target-cost.ts";
import type { LoadTimes } from "../router/target-load.ts";
import type { TracePriorities } from "../trace/trace.ts";
import { KvPoolRouter, RoundRobinPoolRouter, type PoolRouter } from "./pool-router.ts";
import type { RunInputs } from "./run-inputs.ts";

/** Keeps the draws of the routers of one run apart. */
const streamOf: Readonly<Record<RouterRole, number>> = { aggregated: 1, prefill: 2, decode: 3 };

/** Makes the router of a pool as the run's configuration says. */
export function createPoolRouter<W extends Worker>(
  pool: WorkerPool<W>,
  role: RouterRole,
  engine: EngineConfig,
  { trace, config }: Pick<RunInputs, "trace" | "config">,
  times: LoadTimes,
): PoolRouter<W> {
  if (config.routerMode === "round_robin") return new RoundRobinPoolRouter(pool, engine.dpSize);
  const settings = config.kvRouter ?? kvRouterDefaults;
  const random = new SeededRandom(config.seed).fork(streamOf[role]);
  return new KvPoolRouter(pool, engine.dpSize, {
    settings,
    role,
    blockSize: engine.blockSize,
    prefixes: prefixEdges(trace, engine.blockSize),
    inputLength: trace.inputLength,
    times,
    choice: config.targetChoice?.[role] ?? new SeededChoice(random, settings.temperature),
    maxBatchedTokens: engine.maxNumBatchedTokens,
    priorities: trace.priorities == null ? null : prioritiesOf(trace.priorities),
    prefillEstimate: config.prefillEstimate ?? null,
  });
}

function prioritiesOf({ boostSeconds, strict, policyClasses }: TracePriorities): RequestPriority {
  return {
    boostSeconds: (request) => boostSeconds[request]!,
    strict: (request) => strict[request]!,
    policyClass: (request) => policyClasses?.names[policyClasses.classOf[request]!] ?? null,
  };
}
