/** Forecasts the next value of a series of non-negative values, one value a throughput interval. */
export interface Predictor {
  /** Appends a value; NaN counts as 0, zeros before the first other value are skipped. */
  add(value: number): void;
  /** The next value: finite; a trend may carry it below 0. Asking twice without a new value answers the same. */
  predict(): number;
  /** Skips zeros again until the next other value; called between a warm-up trace and live traffic. */
  skipLeadingZeros(): void;
}
