import type { CellReader } from "../../perf/check/truth-table.ts";
import { gpuOf } from "../../perf/gpu.ts";
import { catalogueModel } from "../../perf/model-name.ts";
import type { ServerRuntime } from "../../perf/overheads/run-overheads.ts";
import { serverRuntime } from "../../perf/overheads/run-overheads.ts";
import { backendOf } from "../../perf/backend.ts";

/** How a deployment was driven and what its client saw. */
export interface LoadRecipe {
  /** Times the concurrency is run through. */
  readonly rounds: number;
  /** Lengths of single requests: all as named, spread evenly by ±10 %, or over the upper fifth below the named one. */
  readonly lengths: "equal" | "around" | "below";
  /** Passes an arrived request is held back for others to join it. */
  readonly waitPasses: number;
  /** Passes until a request's first tokens are handed to the client. */
  readonly deliveryPasses: number;
}

/** One published row: a deployment, its load and what was measured. */
export interface PublishedDeployment {
  readonly model: string;
  readonly system: string;
  readonly backend: string;
  readonly runtime: ServerRuntime;
  readonly engineArgs: Readonly<Record<string, unknown>>;
  readonly concurrency: number;
  readonly inputLength: number;
  readonly outputLength: number;
  readonly recipe: LoadRecipe;
  readonly measured: { readonly ttftMs: number; readonly tpotMs: number };
}

/** GPUs of one node; wider deployments use networks that were not measured. */
const MOST_GPUS = 8;

/**
 * Reads an aggregated row. Besides its columns it uses what is published about the two kinds of runs it may come from:
 *
 * - InferenceMAX (SemiAnalysis, Apache-2.0; all but the rows of "gap-analysis/data"): the client sends 10 times the
 *   concurrency, lengths evenly between 80 and 100 % of the named ones, and all requests count, the first burst too.
 *   FP8 and FP4 Llama checkpoints are NVIDIA's, with static scales. 8- and 4-bit servers keep an 8-bit cache, but
 *   gpt-oss on Hopper a 16-bit one. SGLang streams every 30 tokens; TensorRT-LLM waits up to 20 passes to batch prompts
 *   of 1,024-token Llama-70B runs below tensor-parallel size 8.
 * - AIConfigurator's own runs: SGLang's times to first token are those of equal lengths in step (bursts), the others'
 *   of lengths that differ.
 *
 * gpt-oss is served as published: 4-bit experts (in FP4 units where the GPU has them), 16-bit products.
 * @returns why the row is left out, for what it is, or the deployment
 * @throws TruthTableError when a cell is no number
 */
export function publishedDeployment(cell: CellReader, row: number): PublishedDeployment | string {
  const split = splitOf(cell, row);
  if (split.tensor * split.data > MOST_GPUS) return `more than ${MOST_GPUS} GPUs (several nodes)`;
  if (cell.number(row, "pp_size") !== 1) return "pipeline parallelism";
  const ttftMs = cell.optional(row, "silicon_ttft_ms");
  const tpotMs = cell.optional(row, "silicon_tpot_ms");
  if (!(ttftMs !== null && ttftMs > 0 && tpotMs !== null && tpotMs > 0)) return "no measured time";
  const backend = cell.text(row, "backend");
  const model = cell.text(row, "model_path");
  const system = cell.text(row, "system");
  const concurrency = concurrencyOf(cell, row);
  const isDense = catalogueModel(model)?.feedForward.kind === "dense";
  return {
    model,
    system,
    backend,
    runtime: serverRuntime(backendOf(backend) ?? "vllm", versionOf(cell, row)),
    engineArgs: {
      engine_type: backend,
      aic_backend: backend,
      aic_system: system,
      aic_model_path: model,
      aic_tp_size: split.tensor,
      ...(split.data > 1 ? { aic_attention_dp_size: split.data } : {}),
      // The file fills the expert columns of dense models too.
      ...(isDense || split.expertTensor * split.expertGroups <= 1
        ? {}
        : { aic_moe_tp_size: split.expertTensor, aic_moe_ep_size: split.expertGroups }),
      ...quantization(cell, row),
      max_num_seqs: Math.max(256, concurrency),
      enable_prefix_caching: false,
    },
    concurrency,
    inputLength: cell.number(row, "isl"),
    outputLength: cell.number(row, "osl"),
    recipe: recipeOf(cell, row, split.tensor),
    measured: { ttftMs, tpotMs },
  };
}

function isInferenceMax(cell: CellReader, row: number): boolean {
  return !cell.text(row, "silicon_data_source").includes("gap-analysis/data");
}

/** Requests in flight: `silicon_concurrency` of the row's source, else its batch. */
function concurrencyOf(cell: CellReader, row: number): number {
  const noted = /silicon_concurrency=(\d+)/.exec(cell.text(row, "silicon_data_source"));
  return noted === null ? cell.number(row, "batch_size") : Number(noted[1]);
}

/** InferenceMAX rows without a version are its first, of 2025. */
function versionOf(cell: CellReader, row: number): string | null {
  const version = cell.text(row, "backend_version");
  if (version !== "") return version;
  return cell.text(row, "backend") === "vllm" ? "0.11" : null;
}

interface Split {
  readonly tensor: number;
  readonly data: number;
  readonly expertTensor: number;
  readonly expertGroups: number;
}

/**
 * How a row is spread over GPUs. In some rows of expert-parallel servers a width is multiplied twice: a node's 4 GPUs
 * with 4 groups of experts appear as 16. There the GPUs are those of the smaller number, and the experts are spread over
 * all of them. vLLM rows of this kind that name data-parallel attention were measured like those of tensor-parallel
 * attention on the same GPUs.
 */
function splitOf(cell: CellReader, row: number): Split {
  const tensor = cell.number(row, "tp_size");
  const data = Math.max(1, cell.optional(row, "attention_dp_size") ?? 1);
  const expertTensor = cell.optional(row, "moe_tp_size") ?? 0;
  const expertGroups = cell.optional(row, "moe_ep_size") ?? 0;
  if (tensor > 1 && data === tensor && expertTensor === 1 && expertGroups === tensor * data) {
    return { tensor, data: 1, expertTensor: 1, expertGroups: tensor };
  }
  const isSquare = expertTensor === expertGroups && expertTensor ** 2 === tensor * data;
  if (tensor * data > MOST_GPUS && isSquare && (tensor === 1 || data === 1)) {
    const width = expertTensor;
    return { tensor: data === 1 ? width : 1, data: data === 1 ? 1 : width, expertTensor: 1, expertGroups: width };
  }
  return { tensor, data, expertTensor, expertGroups };
}

function quantization(cell: CellReader, row: number): Record<string, string> {
  const gemm = cell.text(row, "gemm_quant_mode");
  const experts = cell.text(row, "moe_quant_mode");
  const model = catalogueModel(cell.text(row, "model_path"));
  const hasFp4 = (gpuOf(cell.text(row, "system"))?.fp4Flops ?? 0) > 0;
  if (model?.quantization.experts === "w4a16_mxfp4") {
    return hasFp4 ? { aic_moe_dtype: "nvfp4", aic_kv_cache_dtype: "fp8" } : {};
  }
  const isDense = model?.feedForward.kind === "dense";
  const published = isInferenceMax(cell, row);
  const low = published && (gemm === "fp8" || gemm === "fp8_block" || gemm === "nvfp4");
  return {
    ...(gemm === "" ? {} : { aic_gemm_dtype: isDense && published && gemm === "fp8" ? "fp8_static" : gemm }),
    ...(experts === "" || isDense ? {} : { aic_moe_dtype: experts }),
    ...(low ? { aic_kv_cache_dtype: "fp8", aic_fmha_dtype: "fp8" } : {}),
  };
}

function recipeOf(cell: CellReader, row: number, tensor: number): LoadRecipe {
  const backend = cell.text(row, "backend");
  const model = cell.text(row, "model_path");
  if (!isInferenceMax(cell, row)) {
    return { rounds: 4, lengths: backend === "sglang" ? "equal" : "around", waitPasses: 0, deliveryPasses: 0 };
  }
  const short = cell.number(row, "isl") === 1024 && cell.number(row, "osl") === 1024;
  const waits = backend === "trtllm" && /llama-3.\d-70b/i.test(model) && short && tensor < 8;
  return { rounds: 10, lengths: "below", waitPasses: waits ? 20 : 0, deliveryPasses: backend === "sglang" ? 30 : 0 };
}
