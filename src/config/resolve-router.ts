import { resolveEnginePerformance } from "../perf/resolve.ts";
import type { PrefillEstimate } from "../router/prefill-backlog.ts";
import type { ProblemList } from "./config-error.ts";
import { loadDocument } from "./document.ts";
import { validateEngineArgs } from "./engine-args.ts";
import type { ValidatedEngineArgs } from "./validated-engine-args.ts";
import { validatePolicyConfig } from "./policy-profile-config.ts";
import type { ReplayValues } from "./replay-options.ts";
import { validateRouterConfig, type ResolvedRouter } from "./router-config.ts";

/** The KV-aware router of a replay, checked. */
export interface ResolvedReplayRouter extends ResolvedRouter {
  /** What the router takes prefill times from, as engine arguments; null = loads do not fade. */
  readonly estimator: ValidatedEngineArgs | null;
}

/** Settings of the KV-aware router; null with round robin. They are checked either way. */
export async function resolveRouter(
  given: ReplayValues,
  engines: Partial<Record<string, ValidatedEngineArgs | null>>,
  problems: ProblemList,
): Promise<ResolvedReplayRouter | null> {
  const policy = await policyOf(given, problems);
  const estimator = estimatorOf(given, problems);
  const surroundings = {
    queuePolicy: (engines["engine"] ?? engines["prefill"])?.routerQueuePolicy ?? null,
    policy: policy?.profile ?? null,
    hasEstimator: estimator !== null,
    semantics: given.semantics!,
  };
  const router = validateRouterConfig(given.routerConfig, "--router-config", surroundings, problems);
  if (estimator !== null && given.routerMode !== "kv_router") {
    problems.add("--aic-backend", "describes the KV-aware router's estimator: it needs --router-mode kv_router");
  }
  if (router === null || given.routerMode !== "kv_router") return null;
  if (router.settings.conditionalDisaggregation !== null) checkConditional(engines, problems);
  return { ...router, warnings: [...router.warnings, ...(policy?.warnings ?? [])], estimator };
}

/** Decode workers that compute prompts are simulated for one kind of engine, and need a prefill pool to skip. */
function checkConditional(
  { prefill, decode }: Partial<Record<string, ValidatedEngineArgs | null>>,
  problems: ProblemList,
): void {
  const where = "--router-config conditional_disagg_enabled";
  if (prefill === undefined) problems.add(where, "is for disaggregated runs: there is no prefill pool to skip");
  else if (decode != null && decode.engineType !== "vllm")
    problems.add(where, `is simulated for engine_type "vllm" only, found "${decode.engineType}"`);
}

/** The policy document of the flag, else the one the configuration names. */
async function policyOf(given: ReplayValues, problems: ProblemList): Promise<ReturnType<typeof validatePolicyConfig>> {
  const config = given.routerConfig as { readonly router_policy_config?: unknown } | null;
  const [path, where] =
    given.routerPolicyConfig === null
      ? [config?.router_policy_config, "--router-config router_policy_config"]
      : [given.routerPolicyConfig, "--router-policy-config"];
  if (typeof path !== "string" || path === "") return null;
  const document = await loadDocument(path, where, problems);
  return document === undefined ? null : validatePolicyConfig(document, where, given.modelName, problems);
}

/** The `--aic-*` flags as engine arguments; null when none is given. */
function estimatorOf(given: ReplayValues, problems: ProblemList): ValidatedEngineArgs | null {
  if (given.aicBackend === null || given.aicSystem === null || given.aicModelPath === null) return null;
  const dtype = (value: string | null) => (value === "auto" ? null : value);
  const described = {
    aic_backend: given.aicBackend,
    aic_system: given.aicSystem,
    aic_model_path: given.aicModelPath,
    aic_backend_version: given.aicBackendVersion,
    aic_tp_size: given.aicTpSize,
    aic_moe_tp_size: given.aicMoeTpSize,
    aic_moe_ep_size: given.aicMoeEpSize,
    aic_attention_dp_size: given.aicAttentionDpSize,
    aic_gemm_dtype: dtype(given.aicGemmDtype),
    aic_moe_dtype: dtype(given.aicMoeDtype),
    aic_fmha_dtype: dtype(given.aicFmhaDtype),
    aic_kv_cache_dtype: dtype(given.aicKvCacheDtype),
    aic_comm_dtype: dtype(given.aicCommDtype),
    aic_nextn: given.aicNextn,
  };
  const args = Object.fromEntries(Object.entries(described).filter(([, value]) => value !== null));
  return validateEngineArgs(args, "--aic-… flags:", "aggregated", problems, given.perfData);
}

/** Prefill times of one prompt on an idle worker, by the performance model of the estimator's deployment. */
export async function prefillEstimate(estimator: ValidatedEngineArgs): Promise<PrefillEstimate> {
  const { perfModel } = await resolveEnginePerformance({ ...estimator, numGpuBlocks: 1 });
  return (uncachedTokens, cachedTokens) => Math.round(perfModel.prefillMs(1, uncachedTokens, cachedTokens) * 1e6);
}
