/**
 * Mean of the last values of a series, leading zeros skipped, over a running sum (planner-findings §5.2). The sum is
 * kept rather than recomputed, as the reference does; the last bits depend on it.
 */
export class MovingAverage {
  private readonly values: number[] = [];
  private sum = 0;
  private seenNonZero = false;
  private readonly window: number;

  /** @param window values averaged over; at least 1 */
  constructor(window: number) {
    this.window = Math.max(1, window);
  }

  /** Adds a value ≥ 0; zeros before the first positive value are dropped. */
  add(value: number): void {
    if (value > 0) this.seenNonZero = true;
    if (!this.seenNonZero) return;
    this.values.push(value);
    this.sum += value;
    if (this.values.length > this.window) this.sum -= this.values.shift()!;
  }

  /** The mean, 0 before the first positive value. */
  get mean(): number {
    return this.values.length === 0 ? 0 : this.sum / this.values.length;
  }
}
