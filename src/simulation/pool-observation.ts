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
    const busy = worker.inSystem > 0 || worker.busyUntilNs > atNs;
    const { lastPublishNs } = member;
    for (let rank = 0; rank < dpSize; rank++) {
      const latest = worker.lastPassEndedBy(atNs, sinceNs, rank);
      lastPublishNs[rank] = latest?.endNs ?? lastPublishNs[rank] ?? member.readyNs;
      const quietNs = atNs - lastPublishNs[rank]!;
      const idle = quietNs >= idlePeriodNs && (semantics.idleRecordHidesBusyWorker || !busy);
      if (idle) lastPublishNs[rank]! += Math.floor(quietNs / idlePeriodNs) * idlePeriodNs;
      const pass = idle ? emptyForwardPass() : latest;
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
