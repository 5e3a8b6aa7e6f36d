import type { GapRecorder } from "./gap-recorder.ts";
import { PreemptionTimes } from "./preemption-times.ts";

/** What became of a request. The order is part of the result format's internals only. */
export const RequestStatus = {
  /** Not offered yet, or still in the system when the run ended. */
  pending: 0,
  completed: 1,
  /** Refused at the door: can never run with this configuration. */
  rejected: 2,
  /** Admitted or queued, then found impossible to finish. */
  failed: 3,
  /** Its client has gone: the user walked away. */
  canceled: 4,
  /** Its client has given up waiting. */
  timedOut: 5,
} as const;
/** A number of `RequestStatus`, as the ledger's column holds it. */
export type RequestStatus = (typeof RequestStatus)[keyof typeof RequestStatus];

/** Why a request was rejected or failed; 0 = no reason. Index into `failureReasons`. */
export const FailureReason = {
  none: 0,
  promptExceedsModelLen: 1,
  promptExceedsKvPool: 2,
  promptExceedsTokenBudget: 3,
  outgrewKvPool: 4,
  routerQueueFull: 5,
  workerFailed: 6,
  clientTimeout: 7,
  clientFirstTokenTimeout: 8,
  clientCanceled: 9,
} as const;
/** A number of `FailureReason`, as the ledger's column holds it. */
export type FailureReason = (typeof FailureReason)[keyof typeof FailureReason];

/** Names of the failure reasons as results print them, by FailureReason. */
export const failureReasons = [
  "none",
  "prompt_exceeds_max_model_len",
  "prompt_exceeds_kv_pool",
  "prompt_exceeds_token_budget_without_chunking",
  "outgrew_kv_pool",
  "router_queue_full",
  "worker_failed",
  "client_timeout",
  "client_first_token_timeout",
  "client_canceled",
] as const;

/**
 * What happened to every request, in columns indexed by the request's place in the trace. Workers write it, reports
 * read it. Times are simulated nanoseconds; NaN = has not happened.
 */
export class RequestLedger {
  readonly count: number;
  /** When it was offered to the system (closed loop: when it was dispatched). */
  readonly arrivalNs: Float64Array;
  readonly admitNs: Float64Array;
  readonly firstTokenNs: Float64Array;
  readonly secondTokenNs: Float64Array;
  readonly lastTokenNs: Float64Array;
  /** When it left the system: last token, rejection or failure. */
  readonly terminalNs: Float64Array;
  /** Output tokens emitted so far. */
  readonly outputTokens: Int32Array;
  /** Cached prompt tokens reused, the largest over its admissions. */
  readonly reusedTokens: Int32Array;
  /** Cached prompt tokens reused at its first admission. */
  readonly firstReusedTokens: Int32Array;
  /** Serving worker (and rank: worker · dpSize + rank), −1 = none. In disaggregated runs the decode worker. */
  readonly workerIndex: Int32Array;
  readonly status: Uint8Array;
  readonly reason: Uint8Array;
  /** Attempts of each request; null where clients do not try again. */
  attempts: Uint8Array | null = null;
  /** Waits of requests that were preempted. */
  readonly preemptions = new PreemptionTimes();
  /** Gaps between consecutive tokens of all requests. */
  readonly gaps: GapRecorder;

  constructor(count: number, gaps: GapRecorder) {
    this.count = count;
    const times = () => new Float64Array(count).fill(NaN);
    this.arrivalNs = times();
    this.admitNs = times();
    this.firstTokenNs = times();
    this.secondTokenNs = times();
    this.lastTokenNs = times();
    this.terminalNs = times();
    this.outputTokens = new Int32Array(count);
    this.reusedTokens = new Int32Array(count);
    this.firstReusedTokens = new Int32Array(count);
    this.workerIndex = new Int32Array(count).fill(-1);
    this.status = new Uint8Array(count);
    this.reason = new Uint8Array(count);
    this.gaps = gaps;
  }

  /** Forgets what became of a request that is to be sent again; when it first arrived stays. */
  reset(request: number): void {
    for (const times of [this.admitNs, this.firstTokenNs, this.secondTokenNs, this.lastTokenNs, this.terminalNs]) {
      times[request] = NaN;
    }
    this.outputTokens[request] = 0;
    this.reusedTokens[request] = 0;
    this.firstReusedTokens[request] = 0;
    this.workerIndex[request] = -1;
    this.status[request] = RequestStatus.pending;
    this.reason[request] = FailureReason.none;
  }
}
