import type { Twin, TwinSla } from "./twin.ts";
import type { TwinConditions, TwinRequests } from "./twin-server.ts";

/**
 * Tells requests that some fleet could serve within the bounds: on an engine of their own. What was found out about a
 * request is kept, since decisions look at the same ones again and again.
 */
export class AttainableRequests {
  private readonly twin: Twin;
  private readonly sla: TwinSla;
  private readonly capacity: number;
  private tokensPerPass = NaN;
  private readonly number: Float64Array;
  private readonly output: Float64Array;
  private readonly cached: Float64Array;
  private readonly firstMs: Float64Array;
  private readonly gapMs: Float64Array;

  /** @param capacity requests remembered */
  constructor(twin: Twin, sla: TwinSla, capacity: number) {
    this.twin = twin;
    this.sla = sla;
    this.capacity = capacity;
    const column = (): Float64Array => new Float64Array(capacity);
    this.number = column().fill(-1);
    this.output = column();
    this.cached = column();
    this.firstMs = column();
    this.gapMs = column();
  }

  /** By distinct request: 1 = attainable. */
  of(requests: TwinRequests, { slowness, tokensPerPass }: TwinConditions): Uint8Array {
    if (tokensPerPass !== this.tokensPerPass) this.number.fill(-1);
    this.tokensPerPass = tokensPerPass;
    const attainable = new Uint8Array(requests.distinct);
    const { ttftMs, itlMs } = this.sla;
    for (let i = 0; i < requests.distinct; i++) {
      const slot = requests.numbers[i]! % this.capacity;
      if (!this.knows(requests, i, slot)) this.findOut(requests, i, slot);
      // Alone, all times are as much longer as a pass is.
      const isAttainable = this.firstMs[slot]! * slowness <= ttftMs && this.gapMs[slot]! * slowness <= itlMs;
      attainable[i] = isAttainable ? 1 : 0;
    }
    return attainable;
  }

  /** An answer still under way is a guess that changes. */
  private knows(requests: TwinRequests, i: number, slot: number): boolean {
    return (
      this.number[slot] === requests.numbers[i] &&
      this.output[slot] === requests.outputTokens[i] &&
      this.cached[slot] === requests.cachedTokens[i]
    );
  }

  private findOut(requests: TwinRequests, i: number, slot: number): void {
    const { firstMs, gapMs } = this.twin.alone(requests, i, { slowness: 1, tokensPerPass: this.tokensPerPass });
    this.number[slot] = requests.numbers[i]!;
    this.output[slot] = requests.outputTokens[i]!;
    this.cached[slot] = requests.cachedTokens[i]!;
    this.firstMs[slot] = firstMs;
    this.gapMs[slot] = gapMs;
  }
}
