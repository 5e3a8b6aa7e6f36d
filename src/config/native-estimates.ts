import type { EngineConfig } from "../engine/engine-config.ts";
import { forwardPassMs } from "../perf/forward-pass-estimate.ts";
import { wrongVersion } from "../perf/backend-version.ts";
import { loadModel, UnknownModelError } from "../perf/load-model.ts";
import { resolveDeployment } from "../perf/resolve-deployment.ts";
import { rooflinePerfModel } from "../perf/roofline/roofline-perf-model.ts";
import { stepModelBehind } from "../perf/overheads/overhead-perf-model.ts";
import type { StepPerfModel } from "../perf/step-perf-model.ts";
import { capabilitiesOf } from "../planner/dynamo/engine-capabilities.ts";
import { NativePassTimes } from "../planner/dynamo/native-pass-times.ts";
import type { PassTimeModel } from "../planner/dynamo/pass-time-regression.ts";
import type { RunConfig } from "../simulation/run-config.ts";
import type { ProblemList } from "./config-error.ts";
import type { PlannerSettings } from "./planner-config.ts";

/** Limits assumed where an engine sets none, as the planner assumes them. */
const UNBOUNDED_BATCHED_TOKENS = 8192;
const UNBOUNDED_SEQUENCES = 512;

type Spec = NonNullable<PlannerSettings["aicPerfModel"]>;

/**
 * The pass times a planner with `aic_perf_model` starts from: those of the deployment it names, by pool; `decode` is
 * the aggregated pool's. A pool whose engine is modelled as just that deployment shares the engine's own model, tables
 * included.
 * @returns undefined without `aic_perf_model`, or after a mistake
 */
export async function nativeEstimates(
  { aicPerfModel, dynamo }: PlannerSettings,
  topology: RunConfig["topology"],
  where: string,
  problems: ProblemList,
): Promise<{ prefill?: PassTimeModel; decode?: PassTimeModel } | undefined> {
  if (aicPerfModel == null || dynamo.optimizationTarget !== "sla") return undefined;
  const spec: Spec = aicPerfModel;
  const wrong = spec.backend_version == null ? null : wrongVersion(spec.backend, spec.backend_version);
  if (wrong !== null) problems.add(`${where} aic_perf_model.backend_version`, wrong);
  const [prefillEngine, decodeEngine] =
    topology.mode === "agg" ? [null, topology.engine] : [topology.prefillEngine, topology.decodeEngine];
  const estimate = async (engine: EngineConfig, pick: Spec["decode_pick"]) => {
    const model = await stepModelOf(spec, pick, engine, where, problems);
    if (model === null) return null;
    const { maxNumBatchedTokens, maxNumSeqs, maxKvTokens } = capabilitiesOf(engine);
    return new NativePassTimes(
      ({ prefillTokens, decodeRequests, decodeKvTokens }) =>
        forwardPassMs(model.step, {
          prefillRequests: 1,
          prefillTokens,
          prefillPrefixTokens: 0,
          decodeRequests,
          decodeKvTokens,
        }),
      {
        maxBatchedTokens: maxNumBatchedTokens ?? UNBOUNDED_BATCHED_TOKENS,
        maxSequences: maxNumSeqs ?? UNBOUNDED_SEQUENCES,
        maxKvTokens,
        maxSamples: dynamo.maxFpmSamples,
        minSamples: dynamo.loadMinObservations,
        bins: dynamo.fpmSampleBuckets,
      },
    );
  };
  const decode = await estimate(decodeEngine, spec.decode_pick);
  const prefill = prefillEngine === null ? null : await estimate(prefillEngine, spec.prefill_pick);
  return { ...(decode === null ? {} : { decode }), ...(prefill === null ? {} : { prefill }) };
}

async function stepModelOf(
  spec: Spec,
  pick: Spec["decode_pick"],
  engine: EngineConfig,
  where: string,
  problems: ProblemList,
): Promise<StepPerfModel | null> {
  const key = `${where} aic_perf_model`;
  let model;
  try {
    model = await loadModel(spec.hf_id);
  } catch (error) {
    if (!(error instanceof UnknownModelError)) throw error;
    problems.add(`${key}.hf_id`, error.message);
    return null;
  }
  const aic = {
    backend: spec.backend,
    system: spec.system,
    backendVersion: spec.backend_version ?? null,
    modelPath: spec.hf_id,
    tpSize: pick?.tp ?? 1,
    moeTpSize: pick?.moe_tp ?? null,
    moeEpSize: pick?.moe_ep ?? null,
    attentionDpSize: pick?.dp ?? 1,
    gemmDtype: spec.weight_dtype ?? null,
    moeDtype: spec.moe_dtype ?? null,
    fmhaDtype: null,
    kvCacheDtype: spec.kv_cache_dtype ?? null,
    commDtype: null,
  };
  const deployment = resolveDeployment(aic, model, engine.speculative?.nextn ?? 0, key, problems);
  if (deployment === null) return null;
  const own = stepModelBehind(engine.perfModel);
  const { gpu, ...rest } = deployment;
  const { gpu: ownGpu, ...ownRest } = own?.step.deployment ?? deployment;
  const isSame = own !== null && gpu.name === ownGpu.name && JSON.stringify(rest) === JSON.stringify(ownRest);
  return isSame ? own : rooflinePerfModel(deployment);
}
