import { expect, it } from "vitest";
import { gpuOf } from "../gpu.ts";
import { meanDecode, readAttentionTables } from "./attention-tables.ts";
import type { ParquetColumns } from "./parquet-columns.ts";
import { TableError } from "./table-error.ts";
import type { TableFolder } from "./table-folder.ts";

interface Row {
  readonly kernel?: string;
  readonly cache?: string;
  readonly heads?: number;
  readonly groups?: number;
  readonly dimension?: number;
  readonly window?: number;
  readonly ms: number;
}

/** Rows of a prompt of 1000 tokens alone, or of one sequence at 1000 tokens. */
function folder(rows: readonly Row[]): TableFolder {
  const numbers: Record<string, (row: Row) => number> = {
    num_heads: ({ heads }) => heads ?? 32,
    num_key_value_heads: ({ groups }) => groups ?? 8,
    head_dim: ({ dimension }) => dimension ?? 128,
    window_size: ({ window }) => window ?? 0,
    isl: () => 1000,
    step: () => 0,
    batch_size: () => 1,
    latency: ({ ms }) => ms,
  };
  const table: ParquetColumns = {
    length: rows.length,
    has: (column) => column in numbers,
    numbers: (column) => Float64Array.from(rows, numbers[column]!),
    texts: (column) =>
      rows.map(({ kernel, cache }) =>
        column === "kernel_source"
          ? (kernel ?? "fa3")
          : column === "kv_cache_dtype"
            ? (cache ?? "bfloat16")
            : "bfloat16",
      ),
  };
  return {
    systems: "systems",
    gpu: gpuOf("h200_sxm")!,
    backend: "vllm",
    version: "0.24.0",
    files: (_, name) => [name],
    read: () => Promise.resolve(table),
  };
}

const share = {
  heads: 32,
  keyValueHeads: 8,
  headDimension: 128,
  cacheBytes: 2,
  fp8: false,
  normalizesQueryAndKey: false,
};

it("reads the rows of the model's own attention, from the kernel AIConfigurator prefers", async () => {
  const others: Row[] = [
    { cache: "fp8", ms: 1 },
    { groups: 4, ms: 2 },
    { heads: 8, ms: 3 },
    { dimension: 64, ms: 4 },
    { window: 128, ms: 5 },
    { kernel: "vllm_flashinfer", ms: 6 },
    { kernel: "unheard of", ms: 7 },
  ];
  for (const rows of [
    [...others, { ms: 10 }],
    [{ ms: 10 }, ...others],
  ]) {
    const { prefill, decode } = await readAttentionTables(folder(rows), share, "0.11");
    expect(prefill.at(32, 1000, 1)).toBe(10);
    expect(decode.at(32, 1, 1000)).toBe(10);
  }
  const second = await readAttentionTables(folder(others), share, "0.11");
  expect(second.prefill.at(32, 1000, 1)).toBe(6);
  await expect(readAttentionTables(folder(others.slice(0, 5)), share, "0.11")).rejects.toThrow(TableError);
});

// aic-run-findings §3.2.
it("averages decode attention over five contexts from 90 to 110 %", async () => {
  const asked: number[] = [];
  const { decode } = await readAttentionTables(folder([{ ms: 10 }]), share, "0.11");
  decode.at = (_, __, context) => asked.push(context);
  meanDecode(decode, 32, 1, 1005);
  expect(asked).toEqual([904, 954, 1004, 1054, 1105]);
});
