/** One transfer on a link. */
export interface Transfer {
  /** Amount of service (bytes) the link has given each of its transfers when this one is through. */
  readonly doneAtService: number;
  readonly onDone: (atNs: number) => void;
}

/**
 * A link of fixed bandwidth that its transfers share equally: n transfers under way get 1/n of it each
 * (engine-reference §3.1). Ends are known only once nothing more can start before them, so a caller advances the link
 * in the order of time.
 */
export class SharedLink {
  /** Earliest end of a transfer under way, if none starts before; Infinity = idle. */
  nextEndNs = Infinity;
  private readonly bytesPerNs: number;
  /** Under way, the first to end first; of two that end together the one started first. */
  private readonly active: Transfer[] = [];
  /** Bytes each transfer under way has been given since the link was made, up to `lastNs`. */
  private service = 0;
  private lastNs = 0;

  /** @param gigabytesPerSecond in 1e9 byte/s; 0 or Infinity = transfers take no time */
  constructor(gigabytesPerSecond: number) {
    this.bytesPerNs = gigabytesPerSecond > 0 ? gigabytesPerSecond : Infinity;
  }

  /**
   * Starts a transfer. One that takes no time is done before this returns.
   * @param nowNs not before the last start or end
   * @returns the transfer, or null when it is done
   */
  start(bytes: number, nowNs: number, onDone: (atNs: number) => void): Transfer | null {
    if (bytes <= 0 || this.bytesPerNs === Infinity) {
      onDone(nowNs);
      return null;
    }
    this.serveUntil(nowNs);
    const transfer: Transfer = { doneAtService: this.service + bytes, onDone };
    let at = this.active.length;
    while (at > 0 && this.active[at - 1]!.doneAtService > transfer.doneAtService) at--;
    this.active.splice(at, 0, transfer);
    this.predict();
    return transfer;
  }

  /** Ends the first transfer; the link must be due (`nextEndNs`). */
  endNext(): void {
    const atNs = this.nextEndNs;
    const transfer = this.active.shift()!;
    this.service = transfer.doneAtService;
    this.lastNs = atNs;
    if (this.active.length === 0) this.service = 0;
    this.predict();
    transfer.onDone(atNs);
  }

  /** When a transfer under way is through if nothing more starts. */
  endOf(transfer: Transfer): number {
    let atNs = this.lastNs;
    let { service } = this;
    for (let i = 0; i < this.active.length; i++) {
      const target = this.active[i]!.doneAtService;
      atNs += (Math.max(0, target - service) * (this.active.length - i)) / this.bytesPerNs;
      service = Math.max(service, target);
      if (this.active[i] === transfer) break;
    }
    return atNs;
  }

  private serveUntil(nowNs: number): void {
    if (nowNs <= this.lastNs) return;
    if (this.active.length > 0) this.service += ((nowNs - this.lastNs) * this.bytesPerNs) / this.active.length;
    this.lastNs = nowNs;
  }

  private predict(): void {
    const first = this.active[0];
    this.nextEndNs =
      first === undefined
        ? Infinity
        : this.lastNs + (Math.max(0, first.doneAtService - this.service) * this.active.length) / this.bytesPerNs;
  }
}
