import { ConfigError, ProblemList } from "../config/config-error.ts";
import type { ValidatedEngineArgs } from "../config/engine-args.ts";
import { place } from "../config/validate.ts";
import type { Deployment } from "./deployment.ts";
import { defaultMemoryFraction, doesNotFitMessage, kvCapacity } from "./kv-capacity.ts";
import { loadModel, UnknownModelError } from "./load-model.ts";
import type { ModelShape } from "./model-shape.ts";
import type { PerfModel } from "./perf-model.ts";
import { polynomialPerfModel } from "./polynomial.ts";
import { resolveDeployment } from "./resolve-deployment.ts";
import { isFitted } from "./roofline/constants.ts";
import { rooflinePerfModel } from "./roofline/roofline-perf-model.ts";

/** What the performance side of an engine comes to. */
export interface EnginePerformance {
  readonly perfModel: PerfModel;
  /** Estimated key-value blocks of a rank; null = no estimate, use the default. */
  readonly numGpuBlocks: number | null;
  readonly gpusPerWorker: number;
  /** What was assumed on the way; shown to the user. */
  readonly notes: readonly string[];
}

/** Tokens of the largest pass when `max_num_batched_tokens` is unbounded (aic-run-findings §4). */
const DEFAULT_PASS_TOKENS = 8192;

/**
 * Chooses the performance model of an engine and its key-value capacity.
 * @throws ConfigError naming the arguments at fault, or that the model does not fit
 */
export async function resolveEnginePerformance(args: ValidatedEngineArgs): Promise<EnginePerformance> {
  const gpusPerWorker = args.tensorParallelSize * args.dpSize;
  if (args.aic === null) return { perfModel: polynomialPerfModel, numGpuBlocks: null, gpusPerWorker, notes: [] };
  const problems = new ProblemList();
  const model = await modelOf(args, problems);
  const deployment = resolveDeployment(args.aic, model, args.speculative?.nextn ?? 0, args.where, problems);
  if (args.dpSize > 1 && (args.aic.attentionDpSize ?? 1) !== args.dpSize) {
    problems.add(
      place(args.where, ["dp_size"]),
      `found ${args.dpSize}, but aic_attention_dp_size is ${args.aic.attentionDpSize ?? 1}; with aic_backend they must be equal`,
    );
  }
  problems.throwIfAny();
  if (deployment === null) throw new Error("a deployment without problems");
  const notes: string[] = [];
  if (!isFitted(deployment.gpu, deployment.backend)) {
    notes.push(
      `${deployment.gpu.name} under ${deployment.backend} was not measured: constants of ${deployment.gpu.relatives.join(" or ")} stand in`,
    );
  }
  return {
    perfModel: rooflinePerfModel(deployment),
    numGpuBlocks: args.numGpuBlocks ?? estimateBlocks(deployment, args),
    gpusPerWorker,
    notes,
  };
}

async function modelOf(args: ValidatedEngineArgs, problems: ProblemList): Promise<ModelShape | null> {
  const where = place(args.where, ["aic_model_path"]);
  const path = args.aic?.modelPath ?? null;
  if (path === null) {
    problems.add(
      where,
      "is missing; with aic_backend it names the model: a Hugging Face id or a folder with config.json",
    );
    return null;
  }
  try {
    return await loadModel(path);
  } catch (error) {
    if (!(error instanceof UnknownModelError)) throw error;
    problems.add(where, error.message);
    return null;
  }
}

/** Blocks of a rank: two floors, tokens first (aic-run-findings §4). */
function estimateBlocks(deployment: Deployment, args: ValidatedEngineArgs): number {
  const given = {
    vllm: args.gpuMemoryUtilization,
    sglang: args.memFractionStatic,
    trtllm: args.freeGpuMemoryFraction,
  }[deployment.backend];
  const fraction = given ?? defaultMemoryFraction[deployment.backend];
  const capacity = kvCapacity(deployment, args.maxNumBatchedTokens ?? DEFAULT_PASS_TOKENS, fraction);
  const blocks = Math.floor(capacity.tokens / args.blockSize);
  if (blocks < 1) throw new ConfigError([{ where: args.where, message: doesNotFitMessage(deployment, capacity) }]);
  return blocks;
}
