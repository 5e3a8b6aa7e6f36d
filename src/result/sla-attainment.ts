import { RequestStatus } from "../metrics/request-ledger.ts";
import type { RequestLedger } from "../metrics/request-ledger.ts";
import type { LatencyColumns } from "./latency-columns.ts";

/** Latency bounds in ms; null = no bound. `itlMs` bounds a request's own mean gap. */
export interface SlaBounds {
  readonly ttftMs: number | null;
  readonly itlMs: number | null;
  readonly e2eMs: number | null;
}

/** Bits of `metBounds`. */
export const Met = { ttft: 1, itl: 2, e2e: 4, all: 8 } as const;

/**
 * Which bounds each request met, as `Met` bits (a bound that is not set counts as met). A request that wanted no token
 * has no TTFT and no inter-token latency and so meets neither bound; its latency ends when it leaves. One with a single
 * token meets the ITL bound. Requests that were rejected, failed, or are still in the system meet nothing.
 */
export function metBounds(ledger: RequestLedger, columns: LatencyColumns, bounds: SlaBounds): Uint8Array {
  const met = new Uint8Array(ledger.count);
  const ttftBound = bounds.ttftMs ?? Infinity;
  const itlBound = bounds.itlMs ?? Infinity;
  const e2eBound = bounds.e2eMs ?? Infinity;
  for (let i = 0; i < ledger.count; i++) {
    if (ledger.status[i] !== RequestStatus.completed) continue;
    let bits = 0;
    if (bounds.ttftMs === null || columns.ttft[i]! <= ttftBound) bits |= Met.ttft;
    const tokens = ledger.outputTokens[i]!;
    const e2e = tokens === 0 ? (ledger.terminalNs[i]! - ledger.arrivalNs[i]!) / 1e6 : columns.e2e[i]!;
    if (bounds.itlMs === null || tokens === 1 || columns.tpot[i]! <= itlBound) bits |= Met.itl;
    if (e2e <= e2eBound) bits |= Met.e2e;
    if (bits === 7) bits |= Met.all;
    met[i] = bits;
  }
  return met;
}

/** Whether a request has left the system, one way or another. */
export function hasLeft(status: number): boolean {
  return status !== RequestStatus.pending;
}

/** Share of the requests that left the system and met each bound; 0 for `all` when none has left. */
export function attainment(ledger: RequestLedger, met: Uint8Array, bounds: SlaBounds) {
  const { left, ...counts } = countMet(ledger, met);
  const share = (count: number) => (left === 0 ? 0 : count / left);
  return {
    ttft: bounds.ttftMs === null ? null : share(counts.ttft),
    itl: bounds.itlMs === null ? null : share(counts.itl),
    e2e: bounds.e2eMs === null ? null : share(counts.e2e),
    all: share(counts.all),
  };
}

/** Requests that left the system, and those of them that met each bound. */
function countMet(ledger: RequestLedger, met: Uint8Array) {
  const { count, status } = ledger;
  let left = 0;
  let ttft = 0;
  let itl = 0;
  let e2e = 0;
  let all = 0;
  for (let i = 0; i < count; i++) {
    if (!hasLeft(status[i]!)) continue;
    left++;
    const bits = met[i]!;
    if (bits & Met.ttft) ttft++;
    if (bits & Met.itl) itl++;
    if (bits & Met.e2e) e2e++;
    if (bits & Met.all) all++;
  }
  return { left, ttft, itl, e2e, all };
}
