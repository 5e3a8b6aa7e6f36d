import type { FailureReason, RequestLedger, RequestStatus } from "../../metrics/request-ledger.ts";

/** Requests that leave a worker, in order, until somebody asks for them. */
export class Departures {
  private readonly ledger: RequestLedger;
  private readonly clock: Float64Array;
  private leaving: number[] = [];
  private taken: number[] = [];
  /** Requests that have left so far. */
  count = 0;

  constructor(ledger: RequestLedger, clock: Float64Array) {
    this.ledger = ledger;
    this.clock = clock;
  }

  /** Enters in the ledger how a request left, at which reading of the clock. */
  leave(request: number, status: RequestStatus, reason: FailureReason, reading: number): void {
    const { ledger } = this;
    ledger.status[request] = status;
    ledger.reason[request] = reason;
    ledger.terminalNs[request] = this.clock[reading]!;
    this.leaving.push(request);
    this.count++;
  }

  /** Those that left since the last call; the array is reused by the call after the next. */
  take(): readonly number[] {
    const taken = this.leaving;
    this.leaving = this.taken;
    this.leaving.length = 0;
    this.taken = taken;
    return taken;
  }
}
