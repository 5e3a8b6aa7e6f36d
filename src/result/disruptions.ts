import { FailureReason, RequestStatus } from "../metrics/request-ledger.ts";
import type { DisruptionRecord, SimulationOutcome } from "../simulation/outcome.ts";
import type { RunResult } from "./schema.ts";

/** What timeouts, cancellations and failing workers did to the requests of a run. */
export function disruptionsOf(
  { ledger }: SimulationOutcome,
  { failures, retries, migrations, wastedTokens }: DisruptionRecord,
): NonNullable<RunResult["disruptions"]> {
  let timedOut = 0;
  let canceled = 0;
  let lost = 0;
  let retried = 0;
  for (let i = 0; i < ledger.count; i++) {
    if (ledger.status[i] === RequestStatus.timedOut) timedOut++;
    else if (ledger.status[i] === RequestStatus.canceled) canceled++;
    else if (ledger.reason[i] === FailureReason.workerFailed) lost++;
    if (ledger.attempts !== null && ledger.attempts[i]! > 1) retried++;
  }
  return {
    timed_out_requests: timedOut,
    canceled_requests: canceled,
    lost_requests: lost,
    retried_requests: retried,
    retries,
    migrations,
    wasted_output_tokens: wastedTokens,
    worker_failures: failures.map(({ atSeconds, pool, worker, state, lost: requests, replacement }) => ({
      t_s: atSeconds,
      pool,
      worker,
      state,
      requests,
      replacement,
    })),
  };
}
