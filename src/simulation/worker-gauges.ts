import type { PooledWorker, WorkerPool } from "../fleet/worker-pool.ts";
import type { WorkerGauges } from "../planner/planner.ts";
import type { WatchedRequests } from "./request-watch.ts";

/** Reads the gauges of a pool's workers at the planner's ticks. */
export class GaugeReader {
  private readonly dpSize: number;
  private readonly kvBlocks: number;
  /** Busy time of each worker up to the tick before, ns. */
  private readonly busyBefore = new WeakMap<PooledWorker, number>();

  /** @param kvBlocks key-value blocks of a rank */
  constructor(dpSize: number, kvBlocks: number) {
    this.dpSize = dpSize;
    this.kvBlocks = kvBlocks;
  }

  /** @param sinceNs time of the tick before */
  read(pool: WorkerPool, requests: WatchedRequests, sinceNs: number, atNs: number): WorkerGauges[] {
    const gauges: WorkerGauges[] = [];
    for (const member of pool.serving()) {
      gauges.push({
        id: member.id,
        state: member.state === "draining" ? "draining" : "active",
        ...requests.held(pool.name, member.id),
        ...this.lastPass(member, atNs),
        busyShare: this.busyShare(member, sinceNs, atNs),
      });
    }
    return gauges;
  }

  private lastPass(
    { worker }: PooledWorker,
    atNs: number,
  ): Pick<WorkerGauges, "running" | "waiting" | "kvUtilisation"> {
    if (worker.inSystem === 0 && worker.busyUntilNs <= atNs) return { running: 0, waiting: 0, kvUtilisation: 0 };
    let running = 0;
    let waiting = 0;
    let blocks = 0;
    for (let rank = 0; rank < this.dpSize; rank++) {
      const pass = worker.lastPassEndedBy(atNs, -1, rank);
      if (pass === null) continue;
      running += pass.numPrefillRequests + pass.numDecodeRequests;
      waiting += pass.numQueuedPrefill + pass.numQueuedDecode;
      blocks += pass.activeBlocks;
    }
    return { running, waiting, kvUtilisation: Math.min(1, blocks / (this.kvBlocks * this.dpSize)) };
  }

  private busyShare(member: PooledWorker, sinceNs: number, atNs: number): number {
    const { worker } = member;
    // A worker's count holds the pass under way to its end.
    const busyNs = worker.busyNs - Math.max(0, worker.busyUntilNs - atNs);
    const before = this.busyBefore.get(member) ?? 0;
    this.busyBefore.set(member, busyNs);
    const spanNs = atNs - Math.max(sinceNs, member.readyNs);
    return spanNs <= 0 ? 0 : Math.min(1, Math.max(0, (busyNs - before) / spanNs));
  }
}
