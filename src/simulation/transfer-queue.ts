import { ReadyQueue } from "../workload/ready-queue.ts";

/** Key-value transfers under way, in the order (end, order of arrival of the request). */
export class TransferQueue {
  private readonly queue = new ReadyQueue();

  get nextNs(): number {
    return this.queue.nextTime;
  }

  start(request: number, ordinal: number, endNs: number): void {
    this.queue.push(endNs, ordinal, request);
  }

  pop(): number {
    return this.queue.pop();
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
