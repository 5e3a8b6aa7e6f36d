import type { DecodeWorker, PrefillWorker } from "../engine/handoff-worker.ts";
import type { PooledWorker, WorkerPool } from "../fleet/worker-pool.ts";

/** What is to be done for a request next; the queue of these is global, first in first out. */
export interface Action {
  readonly kind:
    | "submit"
    | "choose"
    | "transfer"
    | "activate"
    | "release"
    | "forget"
    | "abandon"
    | "cancel"
    | "dismiss";
  readonly request: number;
}

/** A worker of a disaggregated run and what the driver keeps beside it. */
export interface Station<W extends PrefillWorker | DecodeWorker = PrefillWorker | DecodeWorker> {
  readonly role: "prefill" | "decode";
  readonly member: PooledWorker<W>;
  /** Actions that wait until the worker is idle. */
  deferred: Action[];
  /** Prompts whose pass ends later than now. */
  heldLater: number[];
  /** Prompts a prefill worker refused that the others have not been told of. */
  refused: number[];
  /** End of the pass under way if somebody must know of it, else Infinity. */
  endNs: number;
}

/** A station for a worker that has just been created. */
export function newStation<W extends PrefillWorker | DecodeWorker>(
  role: "prefill" | "decode",
  member: PooledWorker<W>,
): Station<W> {
  return { role, member, deferred: [], heldLater: [], refused: [], endNs: Infinity };
}

/** The part workers of a pool have in a disaggregated run. */
export function roleOf({ name }: WorkerPool): Station["role"] {
  return name === "prefill" ? "prefill" : "decode";
}
