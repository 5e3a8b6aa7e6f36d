const usual = [0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.995, 1];

/**
 * A distribution given by a few of its quantiles, straight lines between them on a logarithmic axis where both ends
 * are positive (lengths and waiting times are close to log-uniform between neighbouring quantiles), else linear.
 */
export class QuantileCurve {
  readonly #probabilities: Float64Array;
  readonly #values: Float64Array;
  /** Logarithm of the ratio of each value to the one before; 0 where the line is a plain one. */
  readonly #logRatios: Float64Array;

  /** @param points [probability, value], rising in both, from probability 0 to 1. */
  constructor(points: readonly (readonly [number, number])[]) {
    this.#probabilities = Float64Array.from(points, ([probability]) => probability);
    this.#values = Float64Array.from(points, ([, value]) => value);
    this.#logRatios = this.#values.map((value, index) => {
      const before = this.#values[index - 1] ?? 0;
      return before > 0 ? Math.log(value / before) : 0;
    });
  }

  /** The curve through the usual quantiles of a sample, which must not be empty. */
  static ofSample(values: readonly number[]): QuantileCurve {
    const sorted = values.toSorted((one, other) => one - other);
    return new QuantileCurve(
      usual.map((probability) => {
        const at = probability * (sorted.length - 1);
        const low = sorted[Math.floor(at)]!;
        const high = sorted[Math.ceil(at)]!;
        return [probability, low + (high - low) * (at - Math.floor(at))];
      }),
    );
  }

  /** Value below which a share `u` in [0, 1] of the distribution lies. */
  at(u: number): number {
    const probabilities = this.#probabilities;
    let upper = 1;
    while (upper < probabilities.length - 1 && u > probabilities[upper]!) upper++;
    const from = probabilities[upper - 1]!;
    const share = (u - from) / (probabilities[upper]! - from);
    const low = this.#values[upper - 1]!;
    const high = this.#values[upper]!;
    return low > 0 ? low * Math.exp(this.#logRatios[upper]! * share) : low + (high - low) * share;
  }
}

/** A curve from the values at 0, 2, 5, 10, 20, 35, 50, 65, 80, 90, 95, 98, 99.5 and 100 %. */
export function quantiles(...values: readonly number[]): QuantileCurve {
  if (values.length !== usual.length) throw new Error(`expected ${usual.length} quantiles, got ${values.length}`);
  return new QuantileCurve(values.map((value, index) => [usual[index]!, value]));
}
