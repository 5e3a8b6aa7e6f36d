/**
 * Stations of the prefill → decode hand-off of every request, in columns beside the ledger's. Times are simulated
 * nanoseconds, NaN = has not happened; worker indices −1 = none.
 */
export class HandoffColumns {
  readonly prefillWorkerIndex: Int32Array;
  readonly prefillAdmitNs: Float64Array;
  /** The prompt is computed and its blocks wait for a destination. */
  readonly sourceHeldNs: Float64Array;
  readonly destinationReservedNs: Float64Array;
  /** The blocks have arrived. */
  readonly destinationActivatedNs: Float64Array;
  readonly decodeAdmitNs: Float64Array;
  readonly sourceReleasedNs: Float64Array;
  /** Cached tokens reused on the decode worker, at re-admissions after a preemption. */
  readonly decodeReusedTokens: Int32Array;
  /** Prompt tokens the router believed the chosen worker to hold; −1 = not routed there. Turn by turn: 0. */
  readonly prefillRouteOverlapTokens: Int32Array;
  readonly decodeRouteOverlapTokens: Int32Array;

  constructor(count: number) {
    const times = () => new Float64Array(count).fill(NaN);
    this.prefillWorkerIndex = new Int32Array(count).fill(-1);
    this.prefillAdmitNs = times();
    this.sourceHeldNs = times();
    this.destinationReservedNs = times();
    this.destinationActivatedNs = times();
    this.decodeAdmitNs = times();
    this.sourceReleasedNs = times();
    this.decodeReusedTokens = new Int32Array(count);
    this.prefillRouteOverlapTokens = new Int32Array(count).fill(-1);
    this.decodeRouteOverlapTokens = new Int32Array(count).fill(-1);
  }

  /** Forgets what became of a request that is to be sent again. */
  reset(request: number): void {
    this.prefillWorkerIndex[request] = -1;
    this.decodeReusedTokens[request] = 0;
    this.prefillRouteOverlapTokens[request] = -1;
    this.decodeRouteOverlapTokens[request] = -1;
    this.prefillAdmitNs[request] = NaN;
    this.sourceHeldNs[request] = NaN;
    this.destinationReservedNs[request] = NaN;
    this.destinationActivatedNs[request] = NaN;
    this.decodeAdmitNs[request] = NaN;
    this.sourceReleasedNs[request] = NaN;
  }
}
