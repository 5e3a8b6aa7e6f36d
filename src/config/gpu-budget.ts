import type { SemanticsName } from "../engine/semantics.ts";
import { defaultPolicy } from "../planner/policies.ts";
import type { ProblemList } from "./config-error.ts";
import { shown } from "./config-error.ts";
import type { ValidatedEngineArgs } from "./validated-engine-args.ts";
import { place } from "./validate.ts";

/** Most GPUs of all pools unless the configuration says otherwise. */
export const DEFAULT_MAX_GPU_BUDGET = 8;

/** Why a budget holds no engine. */
export interface TooSmallBudget {
  /** GPUs it must at least hold. */
  readonly least: number;
  /** What they are for, in words. */
  readonly needs: string;
}

/**
 * Looks whether the most GPUs hold the least replicas.
 * @param maxGpuBudget most GPUs of all pools; negative = no bound
 * @param engineGpus GPUs of one worker of every pool
 * @returns null when they do
 */
export function tooSmallBudget(
  maxGpuBudget: number,
  minEndpoint: number,
  engineGpus: readonly number[],
): TooSmallBudget | null {
  const replicas = Math.max(1, minEndpoint);
  const least = replicas * engineGpus.reduce((sum, gpus) => sum + gpus, 0);
  if (maxGpuBudget < 0 || maxGpuBudget >= least) return null;
  return { least, needs: `${replicas} replica(s) of every pool at ${engineGpus.join(" + ")} GPU(s) each` };
}

/** Policies whose replicas are bounded by the planner configuration alone; the others check their own bounds. */
const boundedHere = new Set<unknown>(["dynamo", "dynamo-fixed"]);

/**
 * Reports a budget that holds no engine: every decision of the reference's planner would become 0 replicas. It looks at the
 * configuration as it was written, so that this is told beside its other mistakes.
 * @param document `--planner-config` as given
 * @param semantics under `dynamo-1.4` the reference's planner takes such a budget, with a warning
 * @param engines arguments of the pools that are sound
 */
export function checkGpuBudget(
  document: unknown,
  policy: string | null,
  semantics: SemanticsName,
  engines: readonly (ValidatedEngineArgs | null)[],
  where: string,
  problems: ProblemList,
): void {
  if (typeof document !== "object" || document === null) return;
  const given = document as Readonly<Record<string, unknown>>;
  const name = policy ?? given["policy"] ?? defaultPolicy;
  if (!boundedHere.has(name) || (name === "dynamo" && semantics === "dynamo-1.4")) return;
  const { max_gpu_budget: most = DEFAULT_MAX_GPU_BUDGET, min_endpoint: least = 1 } = given;
  if (typeof most !== "number" || typeof least !== "number") return;
  const gpus = engines.map((args) => (args === null ? 1 : args.tensorParallelSize * args.dpSize));
  const tooSmall = tooSmallBudget(most, least, gpus);
  if (tooSmall === null) return;
  problems.add(
    place(where, ["max_gpu_budget"]),
    `found ${shown(most)}, expected at least ${tooSmall.least} (${tooSmall.needs}), or a negative number for no bound`,
  );
}
