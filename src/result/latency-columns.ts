import { RequestStatus } from "../metrics/request-ledger.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";

/**
 * Latencies of every request in ms, indexed by place in the trace; NaN where a request has none (not completed, or too
 * few tokens). Definitions: engine-reference §9.2.
 */
export interface LatencyColumns {
  /** First token − arrival. */
  readonly ttft: Float64Array;
  /** Second − first token. */
  readonly ttst: Float64Array;
  /** (last − first token) / (tokens − 1); also AIPerf's inter-token latency of the request. */
  readonly tpot: Float64Array;
  /** Last token − arrival. */
  readonly e2e: Float64Array;
}

/** Latencies of the completed requests. */
export function latencyColumns(ledger: RequestLedger): LatencyColumns {
  const column = () => new Float64Array(ledger.count).fill(NaN);
  const columns: LatencyColumns = { ttft: column(), ttst: column(), tpot: column(), e2e: column() };
  const { arrivalNs, firstTokenNs, secondTokenNs, lastTokenNs, outputTokens, status } = ledger;
  for (let i = 0; i < ledger.count; i++) {
    if (status[i] !== RequestStatus.completed) continue;
    const tokens = outputTokens[i]!;
    if (tokens === 0) continue;
    columns.ttft[i] = (firstTokenNs[i]! - arrivalNs[i]!) / 1e6;
    columns.e2e[i] = (lastTokenNs[i]! - arrivalNs[i]!) / 1e6;
    if (tokens === 1) continue;
    columns.ttst[i] = (secondTokenNs[i]! - firstTokenNs[i]!) / 1e6;
    columns.tpot[i] = (lastTokenNs[i]! - firstTokenNs[i]!) / (tokens - 1) / 1e6;
  }
  return columns;
}

/** The values of a column that exist, in a new array. */
export function presentValues(column: Float64Array): Float64Array {
  let used = 0;
  const values = new Float64Array(column.length);
  for (let i = 0; i < column.length; i++) {
    if (Number.isNaN(column[i]!)) continue;
    values[used] = column[i]!;
    used++;
  }
  return values.subarray(0, used);
}
