import { enlarged } from "./finish-calendar.ts";
import type { RunningTable } from "./running-table.ts";

/** Slots of the running table that emitted their first token in a pass: the next one emits their second. */
export class FreshSlots {
  count = 0;
  private slots = new Int32Array(64);

  add(slot: number): void {
    if (this.count === this.slots.length) this.slots = enlarged(this.slots, this.count * 2);
    this.slots[this.count++] = slot;
  }

  /** The next pass ends: stamps those it did not preempt, and forgets them all. */
  stampSecondTokens(table: RunningTable, secondTokenNs: Float64Array, endNs: number): void {
    for (let i = 0; i < this.count; i++) {
      const slot = this.slots[i]!;
      if (table.decoding[slot] === 1) secondTokenNs[table.request[slot]!] = endNs;
    }
    this.count = 0;
  }
}
