import { emptyForwardPass } from "../engine/forward-pass.ts";
import type { Semantics } from "../engine/semantics.ts";
import type { WorkerPool } from "../fleet/worker-pool.ts";
import type { PoolObservation, PublishedPass, WorkerGauges } from "../planner/planner.ts";
import type { PoolConcurrency } from "./request-watch.ts";

const idlePeriodNs = 1e9;

/**
 * What a planner sees of a pool at a tick: ids, and the last record every active worker published since the tick
 * before. A worker that has published nothing for a second publishes an idle record, on a grid of whole seconds since
 * its last record (planner-findings §3.5); whether that also happens during a long pass, the semantics say.
 * @param requests its requests and the gauges of its workers at the tick
 * @param sinceNs time of the tick before
 */
export function observePool(
  pool: WorkerPool,
  dpSize: number,
  semantics: Semantics,
  requests: PoolConcurrency & { readonly workers: readonly WorkerGauges[] },
  sinceNs: number,
  atNs: number,
): PoolObservation {
  const passes: PublishedPass[] = [];
  for (const member of pool.active) {
    const { worker } = member;
    const latest = worker.lastPassEndedBy(atNs, sinceNs, 0);
    if (latest !== null) member.lastPublishNs = latest.endNs;
    const quietNs = atNs - member.lastPublishNs;
    const busy = worker.inSystem > 0 || worker.busyUntilNs > atNs;
    const idle = quietNs >= idlePeriodNs && (semantics.idleRecordHidesBusyWorker || !busy);
    if (idle) member.lastPublishNs += Math.floor(quietNs / idlePeriodNs) * idlePeriodNs;
    for (let rank = 0; rank < dpSize; rank++) {
      const pass = idle ? emptyForwardPass() : worker.lastPassEndedBy(atNs, sinceNs, rank);
      if (pass === null) continue;
      const copy = { ...pass };
      if (!semantics.idleRecordHidesBusyWorker) copy.sumQueuedPrefillTokens += copy.remainingPrefillTokens;
      passes.push({
        workerId: member.id,
        rank,
        wallSeconds: idle ? 0 : (pass.endNs / 1e6 - pass.startNs / 1e6) / 1000,
        pass: copy,
      });
    }
  }
  return {
    activeIds: pool.active.map((member) => member.id),
    startingIds: pool.starting.map((member) => member.id),
    drainingIds: pool.draining.map((member) => member.id),
    gpusPerWorker: pool.gpusPerWorker,
    passes,
    ...requests,
  };
}
