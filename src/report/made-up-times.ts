import type { RunResult } from "../result/schema.ts";

/**
 * What readers of latencies and costs are to know of a run whose engines were given no model and GPU, so that its passes
 * take the times built into the mocker; null for all other runs.
 */
export function madeUpTimes(config: RunResult["config"]): string | null {
  const kinds = ["engine", "prefill", "decode"].map((pool) => config[`${pool}.perf_model`]?.value);
  if (!kinds.includes("polynomial")) return null;
  return "pass times are those built into the mocker, of no model and GPU in particular; name yours in the engine arguments (aic_backend, aic_system, aic_model_path)";
}
