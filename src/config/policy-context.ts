import type { EngineConfig } from "../engine/engine-config.ts";
import type { PoolName } from "../planner/planner.ts";
import type { PlannedPass, PolicyPool, ReplicaLimits } from "../planner/policy.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import type { PlannerSettings } from "./planner-config.ts";

/** The pools of a topology as a policy is told of them. */
export function policyPools(topology: RunConfig["topology"]): PolicyPool[] {
  return topology.mode === "agg"
    ? [policyPool("agg", topology.engine, topology.numWorkers)]
    : [
        policyPool("prefill", topology.prefillEngine, topology.numPrefillWorkers),
        policyPool("decode", topology.decodeEngine, topology.numDecodeWorkers),
      ];
}

function policyPool(name: PoolName, engine: EngineConfig, replicas: number): PolicyPool {
  const bounded = (limit: number): number | null => (Number.isFinite(limit) ? limit : null);
  return {
    name,
    replicas,
    gpusPerWorker: engine.gpusPerWorker,
    startupSeconds: engine.startupSeconds,
    kvCapacityTokens: engine.numGpuBlocks * engine.blockSize * engine.dpSize,
    kvBlockSize: engine.blockSize,
    prefixCaching: engine.enablePrefixCaching,
    maxBatchedTokens: bounded(engine.maxNumBatchedTokens),
    maxSequences: bounded(engine.maxNumSeqs),
    maxModelLength: bounded(engine.maxModelLen),
    ranks: engine.dpSize,
    draftTokens: engine.speculative?.nextn ?? 0,
    passMs: (pass) => passMs(engine, pass),
  };
}

/** A pass as the engines price it, from sums over its requests: prefill part plus decode part. */
function passMs(engine: EngineConfig, pass: PlannedPass): number {
  const { perfModel, numGpuBlocks, blockSize, speedupRatio, decodeSpeedupRatio } = engine;
  let ms = 0;
  if (pass.prefillTokens > 0) {
    const requests = Math.max(1, pass.prefillRequests);
    const prefix = Math.floor(pass.prefillPrefixTokens / requests);
    const tokens = Math.floor((pass.prefillPrefixTokens + pass.prefillTokens) / requests) - prefix;
    ms += perfModel.prefillMs(requests, Math.max(1, tokens), prefix) / speedupRatio;
  }
  if (pass.decodeRequests > 0) {
    const pool = numGpuBlocks * blockSize;
    const context = Math.floor(pass.decodeKvTokens / pass.decodeRequests);
    const active = Math.min(pass.decodeKvTokens, pool);
    ms += perfModel.decodeMs(pass.decodeRequests, context, active, pool) / (speedupRatio * decodeSpeedupRatio);
  }
  return ms;
}

/** The bounds of a planner configuration. */
export function replicaLimits({ dynamo }: PlannerSettings): ReplicaLimits {
  const bound = (gpus: number): number | null => (gpus < 0 ? null : gpus);
  return {
    minReplicas: dynamo.minEndpoint,
    minGpus: bound(dynamo.minGpuBudget),
    maxGpus: bound(dynamo.maxGpuBudget),
  };
}
