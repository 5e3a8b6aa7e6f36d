import type { Trace } from "../../trace/trace.ts";
import type { TruthTable } from "../check/truth-table.ts";
import { cellReader, TruthTableError } from "../check/truth-table.ts";
import type { RequestTimes } from "./fit-runs.ts";

/** A measured run, request by request: what was offered and what became of it. @throws TruthTableError */
export function measuredRun(table: TruthTable): { trace: Trace; measured: RequestTimes[] } {
  const cell = cellReader(table);
  const count = table.rows.length;
  if (count === 0) throw new TruthTableError(`${table.path}: no rows`);
  const arrivals = Float64Array.from({ length: count }, (_, row) => cell.number(row, "arrival_ms"));
  const first = arrivals.reduce((least, arrival) => Math.min(least, arrival), Infinity);
  const trace: Trace = {
    name: table.path,
    count,
    arrivalMs: arrivals.map((arrival) => arrival - first),
    inputLength: Int32Array.from({ length: count }, (_, row) => cell.whole(row, "input_length", 1)),
    outputLength: Int32Array.from({ length: count }, (_, row) => cell.whole(row, "output_length", 1)),
    blocks: null,
    sessions: null,
    notes: [],
  };
  const later = (row: number, column: string, than: string) => {
    const value = cell.number(row, column);
    if (value >= cell.number(row, than)) return value;
    throw new TruthTableError(
      `${table.path}:${row + 2}: ${column}: found ${value}, expected at least ${than}, which is ${cell.number(row, than)}`,
    );
  };
  const measured = Array.from({ length: count }, (_, row) => {
    const arrival = arrivals[row]!;
    const firstToken = later(row, "first_token_ms", "arrival_ms");
    const lastToken = later(row, "last_token_ms", "first_token_ms");
    const gaps = trace.outputLength[row]! - 1;
    return {
      ttftMs: firstToken - arrival,
      // An answer that came all at once tells nothing of the passes.
      tpotMs: gaps < 1 || lastToken === firstToken ? Number.NaN : (lastToken - firstToken) / gaps,
      latencyMs: lastToken - arrival,
    };
  });
  return { trace, measured };
}
