/** The stretch of simulated time all time charts show, seconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Holds the range, keeps it within the run, and tells everyone who draws time. */
export class TimeRange {
  readonly whole: Range;
  private range: Range;
  private readonly shortest: number;
  private readonly listeners: ((range: Range) => void)[] = [];

  constructor(endSeconds: number) {
    this.whole = { from: 0, to: endSeconds > 0 ? endSeconds : 1 };
    this.range = this.whole;
    this.shortest = Math.min(this.whole.to, Math.max(this.whole.to / 5000, 0.01));
  }

  get current(): Range {
    return this.range;
  }

  get isWhole(): boolean {
    return this.range.from <= this.whole.from && this.range.to >= this.whole.to;
  }

  onChange(listener: (range: Range) => void): void {
    this.listeners.push(listener);
  }

  set(from: number, to: number): void {
    const length = Math.min(Math.max(to - from, this.shortest), this.whole.to);
    const start = Math.min(Math.max(from, 0), this.whole.to - length);
    this.range = { from: start, to: start + length };
    for (const listener of this.listeners) listener(this.range);
  }

  reset(): void {
    this.set(this.whole.from, this.whole.to);
  }

  /** Scales the range by `factor` (below 1 zooms in) around a moment, by default its middle. */
  zoom(factor: number, around = (this.range.from + this.range.to) / 2): void {
    this.set(around - (around - this.range.from) * factor, around + (this.range.to - around) * factor);
  }

  /** Moves the range by a share of its length. */
  pan(share: number): void {
    const by = (this.range.to - this.range.from) * share;
    this.set(this.range.from + by, this.range.to + by);
  }

  /** Shows a moment with its surroundings. */
  focus(seconds: number, around: number): void {
    this.set(seconds - around, seconds + around);
  }
}
