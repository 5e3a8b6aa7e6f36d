import { ConfigError, ProblemList } from "../config/config-error.ts";
import type { ValidatedEngineArgs } from "../config/validated-engine-args.ts";
import { place } from "../config/validate.ts";
import { unmeasuredVersion, wrongVersion } from "./backend-version.ts";
import type { Deployment } from "./deployment.ts";
import { defaultMemoryFraction, doesNotFitMessage, kvCapacity } from "./kv-capacity.ts";
import { inCudaGraphs } from "./overheads/in-cuda-graphs.ts";
import { loadModel, UnknownModelError } from "./load-model.ts";
import type { ModelShape } from "./model-shape.ts";
import { kvBytesPerToken } from "./sequence-cache.ts";
import type { PerfModel } from "./perf-model.ts";
import { polynomialPerfModel } from "./polynomial.ts";
import { resolveDeployment } from "./resolve-deployment.ts";
import { isFitted } from "./roofline/constants.ts";
import { ProfileError } from "./profile/profile-error.ts";
import { rooflinePerfModel } from "./roofline/roofline-perf-model.ts";
import type { StepPerfModel } from "./step-perf-model.ts";
import { TableError } from "./tables/table-error.ts";

/** What the performance side of an engine comes to. */
export interface EnginePerformance {
  readonly perfModel: PerfModel;
  /** Estimated key-value blocks of a rank; null = no estimate, use the default. */
  readonly numGpuBlocks: number | null;
  readonly gpusPerWorker: number;
  /** Bytes of key-value cache a token takes on one GPU; null = the model is not known. */
  readonly kvBytesPerToken: number | null;
  /** What was assumed on the way; shown to the user. */
  readonly notes: readonly string[];
}

/** Tokens of the largest pass when `max_num_batched_tokens` is unbounded (aic-run-findings §4). */
const DEFAULT_PASS_TOKENS = 8192;

/**
 * Chooses the performance model of an engine and its key-value capacity: a profile if one is given, else the tables or
 * the roofline of the GPU `aic_*` names, else the polynomial.
 * @throws ConfigError naming the arguments at fault, or that the model does not fit
 */
export async function resolveEnginePerformance(args: ValidatedEngineArgs): Promise<EnginePerformance> {
  const gpusPerWorker = args.tensorParallelSize * args.dpSize;
  const notes: string[] = [];
  const deployment = args.aic === null ? null : await resolveAicDeployment(args);
  const calibrated = args.plannerProfileData?.toLowerCase().endsWith(".json") === true;
  const profile =
    args.plannerProfileData === null || calibrated ? null : await profileOf(args, args.plannerProfileData);
  if (deployment === null) {
    if (calibrated) {
      const message = "a calibration corrects modelled times: give the aic_* arguments it was made with too";
      throw new ConfigError([{ where: place(args.where, ["planner_profile_data"]), message }]);
    }
    if (args.perfData !== null && profile === null) {
      notes.push("perf_data has no effect without aic_backend, aic_system and aic_model_path");
    }
    if (args.perfOverheads === "measured") {
      notes.push("perf_overheads has no effect without aic_backend, aic_system and aic_model_path");
    }
    return {
      perfModel: profile ?? polynomialPerfModel,
      numGpuBlocks: null,
      gpusPerWorker,
      kvBytesPerToken: null,
      notes,
    };
  }
  const modelled =
    profile ??
    (args.perfData === null ? roofline(args, deployment, notes) : await tables(args, deployment, args.perfData));
  const corrected = calibrated ? await calibration(args, modelled, deployment, notes) : modelled;
  const perfModel = await withOverheads(args, corrected, deployment, notes);
  if (profile !== null) notes.push("times come from planner_profile_data; aic_* only sizes the key-value cache");
  return {
    perfModel,
    numGpuBlocks: args.numGpuBlocks ?? estimateBlocks(deployment, args),
    gpusPerWorker,
    kvBytesPerToken: kvBytesPerToken(deployment),
    notes,
  };
}

/** The deployment the `aic_*` arguments describe. @throws ConfigError with every mistake in them */
export async function resolveAicDeployment(args: ValidatedEngineArgs): Promise<Deployment> {
  const problems = new ProblemList();
  const aic = args.aic!;
  const model = await modelOf(args, problems);
  const deployment = resolveDeployment(aic, model, args.speculative?.nextn ?? 0, args.where, problems);
  if (args.dpSize > 1 && (aic.attentionDpSize ?? 1) !== args.dpSize) {
    problems.add(
      place(args.where, ["dp_size"]),
      `found ${args.dpSize}, but aic_attention_dp_size is ${aic.attentionDpSize ?? 1}; with aic_backend they must be equal`,
    );
  }
  if (deployment !== null && aic.backendVersion !== null && args.perfData === null) {
    const wrong = wrongVersion(deployment.backend, aic.backendVersion);
    if (wrong !== null) problems.add(place(args.where, ["aic_backend_version"]), wrong);
  }
  problems.throwIfAny();
  return deployment!;
}

/** The roofline, and what its user should know. With overheads the version says which server's host work is added. */
function roofline(args: ValidatedEngineArgs, deployment: Deployment, notes: string[]): PerfModel {
  const { gpu, backend } = deployment;
  if (!isFitted(gpu, backend)) {
    notes.push(
      `${gpu.name} under ${backend} was not measured: the constants of the GPU most like it (${gpu.relatives.join(", else ")}) stand in for its own`,
    );
  }
  if (args.perfOverheads !== "none") return rooflinePerfModel(inCudaGraphs(deployment));
  const version = args.aic?.backendVersion ?? null;
  const unmeasured = version === null ? null : unmeasuredVersion(backend, version);
  if (unmeasured !== null) notes.push(unmeasured);
  return rooflinePerfModel(deployment);
}

async function tables(args: ValidatedEngineArgs, deployment: Deployment, folder: string): Promise<PerfModel> {
  const { tablePerfModel } = await import("./tables/table-perf-model.ts");
  try {
    return await tablePerfModel(folder, deployment, args.aic?.backendVersion ?? null, args.perfExtrapolation);
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw new ConfigError([{ where: place(args.where, ["perf_data"]), message: error.message }]);
  }
}

/** The model with what a server adds to it, where that was asked for. */
async function withOverheads(
  args: ValidatedEngineArgs,
  base: PerfModel,
  deployment: Deployment,
  notes: string[],
): Promise<PerfModel> {
  if (args.perfOverheads === "none") return base;
  if (args.plannerProfileData !== null) {
    notes.push("perf_overheads has no effect with planner_profile_data: measured times hold them");
    return base;
  }
  const { runOverheads, serverRuntime } = await import("./overheads/run-overheads.ts");
  const { OverheadPerfModel } = await import("./overheads/overhead-perf-model.ts");
  const overheads = runOverheads(deployment, serverRuntime(deployment.backend, args.aic?.backendVersion ?? null));
  if (!overheads.isFitted) {
    notes.push(
      `perf_overheads: no server of this kind was measured under ${deployment.backend}; only its host work is added`,
    );
  }
  return new OverheadPerfModel(base, overheads);
}

async function profileOf(args: ValidatedEngineArgs, path: string): Promise<PerfModel> {
  const { loadProfile } = await import("./profile/load-profile.ts");
  try {
    return await loadProfile(path);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new ConfigError([{ where: place(args.where, ["planner_profile_data"]), message: error.message }]);
  }
}

/** The model corrected by a calibration file. */
async function calibration(
  args: ValidatedEngineArgs,
  base: PerfModel,
  deployment: Deployment,
  notes: string[],
): Promise<PerfModel> {
  const path = args.plannerProfileData!;
  const { calibrationDeployment, readCalibration } = await import("./calibration/calibration-file.ts");
  const { CalibratedPerfModel } = await import("./calibration/calibrated-perf-model.ts");
  try {
    const file = await readCalibration(path);
    const made = JSON.stringify(file.deployment);
    const used = JSON.stringify(calibrationDeployment(deployment));
    if (made !== used) notes.push(`${path} was calibrated for ${made}, but is used for ${used}`);
    return new CalibratedPerfModel(base as StepPerfModel, file.factors, path);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new ConfigError([{ where: place(args.where, ["planner_profile_data"]), message: error.message }]);
  }
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
