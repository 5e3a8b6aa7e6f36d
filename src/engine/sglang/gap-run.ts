import type { RequestLedger } from "../../metrics/request-ledger.ts";

/** Gaps of one length in a row, pooled at once: those of the tokens of a pass are mostly the same. */
export class GapRun {
  private readonly ledger: RequestLedger;
  private gapNs = 0;
  private count = 0;

  constructor(ledger: RequestLedger) {
    this.ledger = ledger;
  }

  add(gapNs: number): void {
    if (gapNs !== this.gapNs) this.flush();
    this.gapNs = gapNs;
    this.count++;
  }

  /** Pools what has been gathered. */
  flush(): void {
    if (this.count > 0) this.ledger.gaps.add(this.gapNs, this.count);
    this.count = 0;
  }
}
