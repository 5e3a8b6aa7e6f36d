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
    inputLength: Int32Array.from({ length: count }, (_, row) => cell.number(row, "input_length")),
    outputLength: Int32Array.from({ length: count }, (_, row) => cell.number(row, "output_length")),
    blocks: null,
    sessions: null,
    notes: [],
  };
  const measured = Array.from({ length: count }, (_, row) => {
    const arrival = arrivals[row]!;
    const firstToken = cell.number(row, "first_token_ms");
    const lastToken = cell.number(row, "last_token_ms");
    const gaps = trace.outputLength[row]! - 1;
    return {
      ttftMs: firstToken - arrival,
      tpotMs: gaps < 1 ? Number.NaN : (lastToken - firstToken) / gaps,
      latencyMs: lastToken - arrival,
    };
  });
  return { trace, measured };
}
