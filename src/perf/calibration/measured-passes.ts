import type { TruthTable } from "../check/truth-table.ts";
import { cellReader, TruthTableError } from "../check/truth-table.ts";
import type { MeasuredPass } from "./fit-passes.ts";

/** Measured passes of one engine from the columns of a truth file. @throws TruthTableError */
export function measuredPasses(table: TruthTable): MeasuredPass[] {
  const cell = cellReader(table);
  return table.rows.map((_, row) => {
    const phase = cell.text(row, "phase");
    if (phase !== "prefill" && phase !== "decode") {
      throw new TruthTableError(`${table.path}:${row + 2}: phase: found "${phase}", expected "prefill" or "decode"`);
    }
    const prefix = cell.optional(row, "prefix") ?? 0;
    return {
      phase,
      requests: cell.number(row, "batch"),
      tokens: phase === "prefill" ? cell.number(row, "isl") - prefix : cell.number(row, "context"),
      prefix,
      ms: cell.number(row, "latency_ms"),
    };
  });
}
