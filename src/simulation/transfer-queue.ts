import type { Semantics } from "../engine/semantics.ts";
import { onOfferGrid } from "../workload/offer-grid.ts";
import { ReadyQueue } from "../workload/ready-queue.ts";

/**
 * Key-value transfers under way, in order of their ends; equal ends in the order the transfers began under 1.4, in the
 * order the requests arrived under current rules.
 */
export class TransferQueue {
  private readonly queue = new ReadyQueue();
  private readonly byArrival: boolean;
  private started = 0;

  constructor(semantics: Semantics) {
    this.byArrival = semantics.completionOrder === "pool-and-worker";
  }

  get nextNs(): number {
    return this.queue.nextTime;
  }

  /** @param ordinal place of the request in the order of arrival */
  start(request: number, ordinal: number, endNs: number): void {
    this.queue.push(onOfferGrid(endNs), this.byArrival ? ordinal : this.started++, request);
  }

  pop(): number {
    return this.queue.pop();
  }

  /** Ends the transfer of a request that is no longer wanted, if there is one. */
  remove(request: number): void {
    this.queue.remove(request);
  }
}

/**
 * Time to move a prompt's key-value cache, ns, not rounded (other-engines-findings §2.12).
 * @param bandwidth in 1e9 byte/s; 0 = no delay
 */
export function transferNs(tokens: number, bytesPerToken: number, bandwidth: number): number {
  if (bytesPerToken <= 0 || bandwidth <= 0) return 0;
  return ((tokens * bytesPerToken) / (bandwidth * 1e9)) * 1000 * 1e6;
}
