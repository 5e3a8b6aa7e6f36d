import type { Worker } from "./worker.ts";

/** A worker of a disaggregated prefill pool: computes prompts and holds their key-value blocks until they are pulled. */
export interface PrefillWorker extends Worker {
  /** Prompts finished since the last call, in order; their blocks stay referenced until `releaseSource`. */
  takeHeld(): readonly number[];
  /** Lets go of a held prompt's blocks. The worker must be idle. */
  releaseSource(request: number, atNs: number): void;
}

/** A worker of a disaggregated decode pool: takes prompts over and generates. A request it is enqueued it computes whole. */
export interface DecodeWorker extends Worker {
  /** Requests queued for a destination, first come first served. */
  readonly pendingDestinations: number;
  /** Queues a request for a destination. */
  offerDestination(request: number): void;
  /**
   * Tries once to reserve blocks for the head of the queue: resident leading blocks of the prompt are pinned, the rest
   * is fresh (other-engines-findings §2.8-2.9). The worker must be idle.
   * @returns the request that got its destination, or −1
   */
  tryReserve(atNs: number): number;
  /** Fresh blocks reserved for a request that is being transferred. */
  freshBlocks(request: number): number;
  /** The prompt has arrived: the request may be scheduled. The worker must be idle. */
  activate(request: number, atNs: number): void;
  /** Gives up the destination of a request whose prompt will not come. The worker must be idle. */
  abandonDestination(request: number, atNs: number): void;
  /**
   * Nothing will come any more. A preempted request that finds no room, and holds up prompts that were handed over and hold
   * the room, may now fail; another request that asks for a destination would have let them pass.
   * @returns whether there is one
   */
  giveUpStuck(atNs: number): boolean;
}
