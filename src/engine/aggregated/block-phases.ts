import { SlotBitmap } from "./slot-bitmap.ts";

/**
 * In which passes the running decodes need a new block. A decode computes one token a pass, so it needs a block every
 * `blockSize` passes: its phase is the number of such a pass modulo the block size and stays the same for as long as
 * it runs (engine-findings §2).
 */
export class BlockPhases {
  readonly blockSize: number;
  private readonly requests: Int32Array;
  private readonly occupied: SlotBitmap;

  constructor(blockSize: number) {
    this.blockSize = blockSize;
    this.requests = new Int32Array(blockSize);
    this.occupied = new SlotBitmap(blockSize);
  }

  /** How many decodes have this phase. */
  countAt(phase: number): number {
    return this.requests[phase]!;
  }

  add(phase: number): void {
    if (this.requests[phase]!++ === 0) this.occupied.set(phase);
  }

  remove(phase: number): void {
    if (--this.requests[phase]! === 0) this.occupied.clear(phase);
  }

  /** Passes from one of this phase to the next that needs a block, at least 1. */
  passesToNext(phase: number): number {
    const next = phase + 1;
    return this.occupied.distanceFrom(next === this.blockSize ? 0 : next) + 1;
  }
}
