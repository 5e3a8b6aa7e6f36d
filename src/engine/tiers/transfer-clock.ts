import { SharedLink } from "./shared-link.ts";

/** Ends the transfers of several links in the order of time; at one instant in the order the links were made. */
export class TransferClock {
  private readonly links: SharedLink[] = [];

  /** A link that runs by this clock. */
  link(gigabytesPerSecond: number): SharedLink {
    const link = new SharedLink(gigabytesPerSecond);
    this.links.push(link);
    return link;
  }

  /** Ends every transfer that is through by `nowNs`. */
  advance(nowNs: number): void {
    for (;;) {
      let next: SharedLink | null = null;
      for (const link of this.links) {
        if (link.nextEndNs === Infinity || link.nextEndNs > nowNs) continue;
        if (next === null || link.nextEndNs < next.nextEndNs) next = link;
      }
      if (next === null) return;
      next.endNext();
    }
  }
}
