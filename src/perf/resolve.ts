import type { ValidatedEngineArgs } from "../config/engine-args.ts";
import type { PerfModel } from "./perf-model.ts";
import { polynomialPerfModel } from "./polynomial.ts";

/** What the performance side of an engine comes to. */
export interface EnginePerformance {
  readonly perfModel: PerfModel;
  /** Estimated key-value blocks of a rank; null = no estimate, use the default. */
  readonly numGpuBlocks: number | null;
  readonly gpusPerWorker: number;
  /** What was assumed on the way; shown to the user. */
  readonly notes: readonly string[];
}

/** Chooses the performance model of an engine and its key-value capacity. */
export async function resolveEnginePerformance(args: ValidatedEngineArgs): Promise<EnginePerformance> {
  return {
    perfModel: polynomialPerfModel,
    numGpuBlocks: null,
    gpusPerWorker: args.tensorParallelSize * args.dpSize,
    notes: [],
  };
}
