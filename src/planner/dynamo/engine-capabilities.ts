import type { EngineConfig } from "../../engine/engine-config.ts";
import type { EngineCapabilities } from "./planner-config.ts";

/** What the planner is told of a pool's engines: read from their configuration, never from the planner's. */
export function capabilitiesOf(engine: EngineConfig): EngineCapabilities {
  const bounded = (limit: number): number | null => (Number.isFinite(limit) ? limit : null);
  return {
    gpusPerWorker: engine.gpusPerWorker,
    maxNumBatchedTokens: bounded(engine.maxNumBatchedTokens),
    maxNumSeqs: bounded(engine.maxNumSeqs),
    contextLength: bounded(engine.maxModelLen),
    maxKvTokens: engine.numGpuBlocks * engine.blockSize * engine.dpSize,
    nextn: engine.speculative?.nextn ?? 0,
  };
}
