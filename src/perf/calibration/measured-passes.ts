import type { TruthTable } from "../check/truth-table.ts";
import { cellReader, TruthTableError } from "../check/truth-table.ts";
import type { MeasuredPass } from "./fit-passes.ts";

/** Measured passes of one engine from the columns of a truth file. @throws TruthTableError */
export function measuredPasses(table: TruthTable): MeasuredPass[] {
  const cell = cellReader(table);
  if (table.rows.length === 0) throw new TruthTableError(`${table.path}: no rows`);
  return table.rows.map((_, row) => {
    const phase = cell.text(row, "phase");
    if (phase !== "prefill" && phase !== "decode") {
      throw new TruthTableError(`${table.path}:${row + 2}: phase: found "${phase}", expected "prefill" or "decode"`);
    }
    const prefix = cell.optional(row, "prefix") === null ? 0 : cell.whole(row, "prefix", 0);
    return {
      phase,
      requests: cell.whole(row, "batch", 1),
      tokens: phase === "prefill" ? cell.whole(row, "isl", prefix + 1) - prefix : cell.whole(row, "context", 0),
      prefix,
      ms: cell.positive(row, "latency_ms"),
    };
  });
}
