import type { Trace } from "../trace/trace.ts";
import type { ArrivalSource } from "./arrival-source.ts";
import { nearestOffer } from "./offer-grid.ts";

/** Requests offered at their recorded times, whatever the system does: stable order by time, then by trace row. */
export class OpenLoopSource implements ArrivalSource {
  readonly dependsOnCompletions = false;
  nextNs: number;
  /** When each request is offered, ns. */
  private readonly atNs: Float64Array;
  /** Requests in the order of offer; null = trace order. */
  private readonly order: Uint32Array | null;
  private position = 0;

  /**
   * @param speedup divides arrival times
   * @param offerNs when what is recorded at a time is offered
   */
  constructor(trace: Trace, speedup: number, offerNs = nearestOffer) {
    const atNs = new Float64Array(trace.count);
    let sorted = true;
    for (let i = 0; i < trace.count; i++) {
      atNs[i] = offerNs(trace.arrivalMs[i]! / speedup);
      if (i > 0 && atNs[i]! < atNs[i - 1]!) sorted = false;
    }
    this.atNs = atNs;
    this.order = sorted ? null : Uint32Array.from(atNs.keys()).toSorted((a, b) => atNs[a]! - atNs[b]! || a - b);
    this.nextNs = trace.count === 0 ? Infinity : atNs[this.at(0)]!;
  }

  get remaining(): number {
    return this.atNs.length - this.position;
  }

  take(): number {
    const request = this.at(this.position++);
    this.nextNs = this.position === this.atNs.length ? Infinity : this.atNs[this.at(this.position)]!;
    return request;
  }

  onTerminal(): void {}

  private at(position: number): number {
    return this.order === null ? position : this.order[position]!;
  }
}
