import type { TruthTable } from "../src/perf/check/truth-table.ts";

const cells = {
  id: "one",
  silicon_data_source: "silicon_concurrency=2",
  backend: "vllm",
  backend_version: "0.19.0",
  model_path: "nvidia/Llama-3.1-8B-Instruct-FP8",
  system: "h200_sxm",
  mode: "agg",
  isl: "256",
  osl: "32",
  gemm_quant_mode: "",
  moe_quant_mode: "",
  batch_size: "1",
  tp_size: "1",
  pp_size: "1",
  attention_dp_size: "1",
  moe_tp_size: "1",
  moe_ep_size: "1",
  silicon_ttft_ms: "20",
  silicon_tpot_ms: "5",
};

/** A file of measured deployments, a row for each set of changes to a plain one. */
export function deploymentTable(...changes: Partial<Record<keyof typeof cells, string>>[]): TruthTable {
  return {
    path: "deployments.csv",
    columns: Object.keys(cells),
    rows: changes.map((change) => Object.values({ ...cells, ...change })),
  };
}
