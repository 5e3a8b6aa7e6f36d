import { ConfigError, ProblemList } from "../../config/config-error.ts";
import { validateEngineArgs } from "../../config/engine-args.ts";
import { resolveEngine } from "../../config/resolve-engine.ts";
import type { CheckedFile, ComparedRow } from "../../perf/check/check-file.ts";
import type { CellReader, TruthTable } from "../../perf/check/truth-table.ts";
import { cellReader } from "../../perf/check/truth-table.ts";
import { catalogueModel } from "../../perf/model-name.ts";
import { resolveAicDeployment } from "../../perf/resolve.ts";
import { simulate } from "../../simulation/simulate.ts";
import type { Trace } from "../../trace/trace.ts";

/** Times the concurrency is run through: the second and third are judged, without the start and the end. */
const ROUNDS = 4;
/** GPUs of one node; wider deployments use networks that were not measured. */
const MOST_GPUS = 8;

/** Whether a file holds measured deployments (columns silicon_ttft_ms and silicon_tpot_ms). */
export function holdsDeployments(table: TruthTable): boolean {
  return table.columns.includes("silicon_tpot_ms");
}

/**
 * Simulates every `every`-th aggregated deployment of a file in closed loop and compares the means of the middle half
 * of its requests with the measured ones: phases `ttft <kind>` and `tpot <kind>`, kind `dense`, `mixture` or `latent`
 * (attention). A row is left out for what it is, never for its error: disaggregated, over several nodes,
 * pipeline-parallel, without a measured time, or a deployment that cannot be described or does not fit.
 * @throws TruthTableError when a cell is no number
 */
export async function checkDeployments(table: TruthTable, every: number): Promise<CheckedFile> {
  const cell = cellReader(table);
  const rows: ComparedRow[] = [];
  const skipped = new Map<string, number>();
  const skip = (reason: string) => skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
  let place = 0;
  for (let row = 0; row < table.rows.length; row++) {
    if (cell.text(row, "mode") !== "agg") {
      skip("disaggregated");
      continue;
    }
    if (place++ % every !== 0) continue;
    const width = cell.number(row, "tp_size") * Math.max(1, cell.optional(row, "attention_dp_size") ?? 1);
    if (width > MOST_GPUS) {
      skip(`more than ${MOST_GPUS} GPUs (several nodes)`);
      continue;
    }
    if (cell.number(row, "pp_size") !== 1) {
      skip("pipeline parallelism");
      continue;
    }
    const measured = { ttft: cell.optional(row, "silicon_ttft_ms"), tpot: cell.optional(row, "silicon_tpot_ms") };
    if (!(measured.ttft !== null && measured.ttft > 0 && measured.tpot !== null && measured.tpot > 0)) {
      skip("no measured time");
      continue;
    }
    try {
      const { kind, ttftMs, tpotMs } = await simulated(cell, row);
      const common = {
        model: cell.text(row, "model_path"),
        system: cell.text(row, "system"),
        backend: cell.text(row, "backend"),
        what: `${table.path}:${row + 2} ${cell.text(row, "id")}`,
      };
      const add = (phase: string, truth: number, answer: number) =>
        rows.push({ ...common, phase: `${phase} ${kind}`, truth, answer, error: Math.abs(answer / truth - 1) });
      add("ttft", measured.ttft, ttftMs);
      add("tpot", measured.tpot, tpotMs);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      skip("cannot be described or does not fit");
    }
  }
  return { rows, skipped };
}

async function simulated(cell: CellReader, row: number) {
  const dataParallel = Math.max(1, cell.optional(row, "attention_dp_size") ?? 1);
  const backend = cell.text(row, "backend");
  const concurrency = concurrencyOf(cell, row);
  const inputLength = cell.number(row, "isl");
  const outputLength = cell.number(row, "osl");
  const optionalText = (key: string, column: string) =>
    cell.text(row, column) === "" ? {} : { [key]: cell.text(row, column) };
  const problems = new ProblemList();
  // The file fills the expert columns of dense models too; an unknown model is reported when the engine is resolved.
  const dense = catalogueModel(cell.text(row, "model_path"))?.feedForward.kind === "dense";
  const args = validateEngineArgs(
    {
      engine_type: backend,
      aic_backend: backend,
      aic_system: cell.text(row, "system"),
      aic_model_path: cell.text(row, "model_path"),
      aic_tp_size: cell.number(row, "tp_size"),
      ...(dataParallel > 1 ? { aic_attention_dp_size: dataParallel } : {}),
      ...optionalText("aic_gemm_dtype", "gemm_quant_mode"),
      ...optionalText("aic_moe_dtype", "moe_quant_mode"),
      ...(dense ? {} : expertSplit(cell, row)),
      max_num_seqs: Math.max(256, concurrency),
      enable_prefix_caching: false,
    },
    "row",
    "aggregated",
    problems,
  );
  problems.throwIfAny();
  const { model } = await resolveAicDeployment(args!);
  const { engine } = await resolveEngine(args!);
  const outcome = simulate(closedLoop(ROUNDS * concurrency, inputLength, outputLength), {
    semantics: "current",
    topology: { mode: "agg", engine, numWorkers: 1 },
    arrivalSpeedupRatio: 1,
    replayConcurrency: concurrency,
    maxSimTimeSeconds: null,
    routerMode: "round_robin",
    planner: null,
    engine: "auto",
    seed: 0,
  });
  const { ledger } = outcome;
  let ttftNs = 0;
  let tpotNs = 0;
  let count = 0;
  for (let i = concurrency; i < (ROUNDS - 1) * concurrency; i++) {
    ttftNs += ledger.firstTokenNs[i]! - ledger.arrivalNs[i]!;
    tpotNs += (ledger.lastTokenNs[i]! - ledger.firstTokenNs[i]!) / Math.max(1, ledger.outputTokens[i]! - 1);
    count++;
  }
  if (!Number.isFinite(tpotNs + ttftNs)) throw new ConfigError([{ where: "row", message: "requests failed" }]);
  const experts = model.feedForward.kind === "dense" ? "dense" : "mixture";
  const kind = model.attention.kind === "grouped-query" ? experts : "latent";
  return { kind, ttftMs: ttftNs / count / 1e6, tpotMs: tpotNs / count / 1e6 };
}

/** Requests in flight: `silicon_concurrency` of the row's source, else its batch. */
function concurrencyOf(cell: CellReader, row: number): number {
  const noted = /silicon_concurrency=(\d+)/.exec(cell.text(row, "silicon_data_source"));
  return noted === null ? cell.number(row, "batch_size") : Number(noted[1]);
}

function expertSplit(cell: CellReader, row: number): object {
  const tensor = cell.optional(row, "moe_tp_size") ?? 0;
  const groups = cell.optional(row, "moe_ep_size") ?? 0;
  return tensor * groups > 1 ? { aic_moe_tp_size: tensor, aic_moe_ep_size: groups } : {};
}

/** Requests of one shape; lengths vary by ±10 % (evenly, a fixed pattern) so that they do not march in step. */
function closedLoop(count: number, inputLength: number, outputLength: number): Trace {
  const spread = (i: number, ratio: number) => 0.9 + 0.2 * ((i * ratio) % 1);
  return {
    name: "closed loop",
    count,
    arrivalMs: new Float64Array(count),
    inputLength: Int32Array.from({ length: count }, (_, i) => Math.round(inputLength * spread(i, 0.618034))),
    outputLength: Int32Array.from({ length: count }, (_, i) =>
      Math.max(2, Math.round(outputLength * spread(i, 0.414214))),
    ),
    blocks: null,
    sessions: null,
    notes: [],
  };
}
