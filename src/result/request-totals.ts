import { failureReasons, RequestStatus } from "../metrics/request-ledger.ts";
import type { SimulationOutcome } from "../simulation/outcome.ts";
import { Met } from "./sla-attainment.ts";

/** What the requests of a run come to. Tokens are those of completed requests. */
export interface RequestTotals {
  readonly completed: number;
  readonly rejected: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly reusedTokens: number;
  /** Reused when they were admitted first. */
  readonly firstReusedTokens: number;
  /** Completed requests that met every bound, and their output; 0 without bounds. */
  readonly good: number;
  readonly goodOutputTokens: number;
  /** How many were rejected or failed for what reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** @param met by request, what bounds it met; null = there are none */
export function requestTotals({ ledger, trace, handoffs }: SimulationOutcome, met: Uint8Array | null): RequestTotals {
  const totals = {
    completed: 0,
    rejected: 0,
    failed: 0,
    inputTokens: 0,
    outputTokens: 0,
    reusedTokens: 0,
    firstReusedTokens: 0,
    good: 0,
    goodOutputTokens: 0,
  };
  const reasonCounts = new Float64Array(failureReasons.length);
  for (let i = 0; i < ledger.count; i++) {
    const status = ledger.status[i]!;
    if (status === RequestStatus.pending) continue;
    if (status === RequestStatus.completed) {
      totals.completed++;
      totals.inputTokens += trace.inputLength[i]!;
      totals.outputTokens += ledger.outputTokens[i]!;
      totals.reusedTokens += Math.max(ledger.reusedTokens[i]!, handoffs?.decodeReusedTokens[i] ?? 0);
      totals.firstReusedTokens += ledger.firstReusedTokens[i]!;
      if (met !== null && met[i]! & Met.all) {
        totals.good++;
        totals.goodOutputTokens += ledger.outputTokens[i]!;
      }
      continue;
    }
    reasonCounts[ledger.reason[i]!]!++;
    if (status === RequestStatus.rejected) totals.rejected++;
    else totals.failed++;
  }
  const reasons: Record<string, number> = {};
  for (const [reason, name] of failureReasons.entries()) {
    if (reasonCounts[reason]! > 0) reasons[name] = reasonCounts[reason]!;
  }
  return { ...totals, reasons };
}
