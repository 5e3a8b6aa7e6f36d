import { peakFlops, type Gpu } from "../gpu.ts";
import type { GemmQuantization } from "../quantization.ts";
import { computeType, weightBytes } from "../quantization.ts";
import { GemmTable } from "./gemm-table.ts";
import type { ParquetColumns } from "./parquet-columns.ts";
import { QuantizationDeltaTable } from "./quantization-delta-table.ts";
import { TableError } from "./table-error.ts";
import type { TableFolder } from "./table-folder.ts";

/** Measured matrix products of the formats a model uses. */
export interface GemmTables {
  /** Time in ms of a product in the given format. */
  at(rows: number, columns: number, depth: number, quantization: GemmQuantization, lowPrecisionInput: boolean): number;
}

/** Reads the matrix products of bfloat16 and of `others`. @throws TableError when a format was not measured */
export async function readGemmTables(folder: TableFolder, others: readonly GemmQuantization[]): Promise<GemmTables> {
  const { gpu } = folder;
  const formats = new Set<GemmQuantization>(["bfloat16", ...others]);
  const tables = new Map<GemmQuantization, GemmTable>();
  const files = await Promise.all(
    folder.files("gemm", "gemm_perf").map((path) => folder.read(path, ["gemm_dtype", "m", "n", "k", "latency"])),
  );
  for (const format of formats) {
    const table = new GemmTable(gemmRows(files, format), (rows, columns, depth) =>
      leastMs(gpu, format, rows, columns, depth),
    );
    if (table.isEmpty)
      throw new TableError(`${folder.systems}: ${folder.backend} ${folder.version} has no ${format} matrix products`);
    tables.set(format, table);
  }
  const isStatic = formats.has("fp8_static");
  const scales = isStatic ? await readDelta(folder, "computescale_perf", false) : null;
  const matrices = isStatic ? await readDelta(folder, "scale_matrix_perf", true) : null;
  return {
    at(rows, columns, depth, format, lowPrecisionInput) {
      const table = tables.get(format);
      if (table === undefined) throw new Error(`format ${format} was not read`);
      const ms = table.at(rows, columns, depth);
      if (format !== "fp8_static") return ms;
      const saved = scales!.at(rows, depth) + (lowPrecisionInput ? matrices!.at(rows, depth) : 0);
      return Math.max(ms - saved, leastMs(gpu, format, rows, columns, depth));
    },
  };
}

/** Least time of a product, ms: the peak rate, or its three matrices once through memory. */
function leastMs(gpu: Gpu, format: GemmQuantization, rows: number, columns: number, depth: number): number {
  const flops = peakFlops(gpu, computeType(format));
  const bytes = weightBytes[format] * (rows * columns + columns * depth + rows * depth);
  return Math.max((2 * rows * columns * depth) / flops, bytes / gpu.memoryBandwidth) * 1e3;
}

function* gemmRows(
  files: readonly ParquetColumns[],
  format: GemmQuantization,
): Iterable<[number, number, number, number]> {
  const stored = format === "fp8_static" ? "fp8" : format;
  for (const file of files) {
    const types = file.texts("gemm_dtype");
    const [m, n, k, latency] = ["m", "n", "k", "latency"].map((column) => file.numbers(column)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (let row = 0; row < file.length; row++) {
      if (types[row] === stored) yield [m[row]!, n[row]!, k[row]!, latency[row]!];
    }
  }
}

async function readDelta(folder: TableFolder, name: string, scalesOutside: boolean): Promise<QuantizationDeltaTable> {
  const paths = folder.files("quantize", name);
  const files = await Promise.all(paths.map((path) => folder.read(path, ["quant_dtype", "m", "k", "latency"])));
  const table = new QuantizationDeltaTable(deltaRows(files), scalesOutside);
  if (table.isEmpty) {
    throw new TableError(
      `${folder.systems}: ${folder.backend} ${folder.version} has no ${name}, which static FP8 models need`,
    );
  }
  return table;
}

function* deltaRows(files: readonly ParquetColumns[]): Iterable<[number, number, number]> {
  for (const file of files) {
    const types = file.texts("quant_dtype");
    const [m, k, latency] = ["m", "k", "latency"].map((column) => file.numbers(column)) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    for (let row = 0; row < file.length; row++) {
      if (types[row] === "fp8" || types[row] === "") yield [m[row]!, k[row]!, latency[row]!];
    }
  }
}
