import type { AttentionShare } from "../roofline/attention.ts";
import { fp8FlopsOrBf16, type Gpu } from "../gpu.ts";
import { kernelLanes, laneRank } from "./kernel-lanes.ts";
import type { ParquetColumns } from "./parquet-columns.ts";
import type { GridPoints } from "./measured-grid.ts";
import { MeasuredGrid } from "./measured-grid.ts";
import { TableError } from "./table-error.ts";
import type { TableFolder } from "./table-folder.ts";

/** Samples of the context a decode time is the mean of, spread over ±10 %. */
const SAMPLES = 5;

/** Measured attention of one layer on one GPU's share of the heads; milliseconds. */
export interface AttentionTables {
  /** Attention over whole prompts of `length` tokens. */
  readonly prefill: MeasuredGrid;
  /** One token for sequences of some context. */
  readonly decode: MeasuredGrid;
}

/**
 * How attention is priced past the measured grid, named after the AIConfigurator release that does it: 0.11 keeps the
 * end of the nearest row, 0.12 (nearly) the nearest point (perf-model-reference §A).
 */
export type Extrapolation = "0.11" | "0.12";

/** Reads the slices of the attention tables a deployment needs. @throws TableError when a slice was not measured */
export async function readAttentionTables(
  folder: TableFolder,
  share: AttentionShare,
  extrapolation: Extrapolation,
): Promise<AttentionTables> {
  const { gpu } = folder;
  const { headDimension: dimension, keyValueHeads, cacheBytes } = share;
  const flops = share.fp8 ? gpu.fp8Flops : gpu.bf16Flops;
  const prefill = await readSlice(folder, "context_attention_perf", share, true);
  const decode = await readSlice(folder, "generation_attention_perf", share, false);
  const isShared = share.heads !== keyValueHeads;
  const groups = (heads: number) => (isShared ? keyValueHeads : heads);
  const decodeFlops = cacheBytes === 1 ? fp8FlopsOrBf16(gpu) : gpu.bf16Flops;
  return {
    prefill: new MeasuredGrid(
      prefill,
      (heads, length, batch) => {
        const compute = (2 * batch * heads * dimension * length * length) / flops;
        const bytes =
          4 * batch * heads * length * dimension + 2 * cacheBytes * batch * groups(heads) * length * dimension;
        return Math.max(compute, bytes / gpu.memoryBandwidth);
      },
      "middle",
      extrapolation === "0.12" ? "nearest-point" : "nearest-in-row",
    ),
    decode: new MeasuredGrid(
      decode,
      (heads, batch, context) => {
        const compute = (4 * batch * heads * dimension * context) / decodeFlops;
        const bytes = batch * (4 * heads * dimension + 2 * groups(heads) * (context - 1) * dimension * cacheBytes);
        return Math.max(compute, bytes / gpu.memoryBandwidth);
      },
      null,
      extrapolation === "0.12" ? "nearest-point" : "row-end",
    ),
  };
}

/** Mean decode time over five contexts around the given one (aic-run-findings §3.2). */
export function meanDecode(grid: MeasuredGrid, heads: number, batch: number, context: number): number {
  const low = Math.trunc(0.9 * context);
  const high = Math.trunc(1.1 * context);
  let total = 0;
  for (let i = 0; i < SAMPLES; i++) {
    total += grid.at(heads, batch, low + Math.floor(((high - low) * i) / (SAMPLES - 1)));
  }
  return total / SAMPLES;
}

async function readSlice(
  folder: TableFolder,
  name: string,
  share: AttentionShare,
  isPrefill: boolean,
): Promise<GridPoints> {
  const path = folder.files("attention", name)[0];
  if (path === undefined) throw new TableError(`${folder.systems}: no ${name} of ${folder.backend} ${folder.version}`);
  const table = await folder.read(path, [
    "attn_dtype",
    "kv_cache_dtype",
    "num_key_value_heads",
    "head_dim",
    "window_size",
    "num_heads",
    "isl",
    "step",
    "batch_size",
    "kernel_source",
    "latency",
  ]);
  const chosen = rowsOf(table, share, isPrefill, kernelLanes(folder.gpu as Gpu, folder.backend));
  if (chosen.length === 0) {
    throw new TableError(
      `${path}: no rows with ${share.keyValueHeads} key-value heads of ${share.headDimension}, ${cacheType(share)} cache` +
        (isPrefill ? `, ${computeType(share)} attention` : ""),
    );
  }
  const heads = table.numbers("num_heads");
  const lengths = table.numbers("isl");
  const steps = isPrefill ? lengths : table.numbers("step");
  const batches = table.numbers("batch_size");
  const latencies = table.numbers("latency");
  const pick = (values: Float64Array) => chosen.map((row) => values[row]!);
  return {
    outer: pick(heads),
    middle: isPrefill ? pick(lengths) : pick(batches),
    inner: isPrefill ? pick(batches) : chosen.map((row) => lengths[row]! + steps[row]!),
    times: pick(latencies),
  };
}

/** Rows of the share's shape and number formats, of those the kernels that go first. */
function rowsOf(table: ParquetColumns, share: AttentionShare, isPrefill: boolean, lanes: readonly string[]): number[] {
  const cacheTypes = table.texts("kv_cache_dtype");
  const computeTypes = table.texts("attn_dtype");
  const kernels = table.texts("kernel_source");
  const heads = table.numbers("num_heads");
  const groups = table.numbers("num_key_value_heads");
  const dimensions = table.numbers("head_dim");
  const windows = table.has("window_size") ? table.numbers("window_size") : new Float64Array(table.length);
  const [wantedCache, wantedCompute] = [cacheType(share), computeType(share)];
  const isShared = share.heads !== share.keyValueHeads;
  const chosen: number[] = [];
  let best = Infinity;
  for (let row = 0; row < table.length; row++) {
    if (cacheTypes[row] !== wantedCache || dimensions[row] !== share.headDimension || windows[row] !== 0) continue;
    if (isPrefill && computeTypes[row] !== wantedCompute) continue;
    const rowIsShared = heads[row] !== groups[row];
    if (rowIsShared !== isShared || (isShared && groups[row] !== share.keyValueHeads)) continue;
    const rank = laneRank(lanes, kernels[row]!);
    if (rank > best) continue;
    if (rank < best) {
      best = rank;
      chosen.length = 0;
    }
    chosen.push(row);
  }
  return chosen;
}

function cacheType({ cacheBytes }: AttentionShare): string {
  return cacheBytes === 1 ? "fp8" : "bfloat16";
}

function computeType({ fp8 }: AttentionShare): string {
  return fp8 ? "fp8" : "bfloat16";
}
