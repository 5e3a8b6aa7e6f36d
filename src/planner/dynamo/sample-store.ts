/** One observed pass: its features and how long it took. */
export interface PassSample {
  readonly features: readonly number[];
  readonly passMs: number;
}

/**
 * The retained samples of one pass kind (planner-reference §5, planner-findings §5.7-5.8).
 *
 * Features span equal bins between the least and greatest values ever seen: `bins` of them for one feature,
 * √bins × √bins for two. When one sample too many is in, the oldest of the fullest bin leaves; among equally full bins,
 * the one whose oldest sample is oldest. (The reference walks a randomly seeded hash map instead.)
 */
export class SampleStore {
  /** Retained samples in order of age, oldest first. */
  readonly samples: PassSample[] = [];
  private readonly low: number[];
  private readonly high: number[];
  private readonly binsPerAxis: number;
  private readonly limit: number;

  /**
   * @param axes number of features, 1 or 2
   * @param bins total bins, a perfect square
   * @param limit most samples retained
   */
  constructor(axes: 1 | 2, bins: number, limit: number) {
    this.low = Array.from({ length: axes }, () => Infinity);
    this.high = Array.from({ length: axes }, () => -Infinity);
    this.binsPerAxis = axes === 1 ? bins : Math.round(Math.sqrt(bins));
    this.limit = limit;
  }

  /** Adds a sample; drops one if there are too many. */
  add(sample: PassSample): void {
    sample.features.forEach((value, axis) => {
      this.low[axis] = Math.min(this.low[axis]!, value);
      this.high[axis] = Math.max(this.high[axis]!, value);
    });
    this.samples.push(sample);
    while (this.samples.length > this.limit) this.evict();
  }

  private evict(): void {
    const population = new Int32Array(this.binsPerAxis ** this.low.length);
    const bins = this.samples.map((sample) => this.bin(sample));
    let fullest = 0;
    for (const bin of bins) fullest = Math.max(fullest, ++population[bin]!);
    this.samples.splice(
      bins.findIndex((bin) => population[bin] === fullest),
      1,
    );
  }

  private bin({ features }: PassSample): number {
    let bin = 0;
    for (let axis = 0; axis < features.length; axis++) {
      bin = bin * this.binsPerAxis + this.axisBin(features[axis]!, axis);
    }
    return bin;
  }

  private axisBin(value: number, axis: number): number {
    const span = this.high[axis]! - this.low[axis]!;
    if (span <= 0) return 0;
    const bin = Math.trunc(((value - this.low[axis]!) / span) * this.binsPerAxis);
    return Math.min(Math.max(bin, 0), this.binsPerAxis - 1);
  }
}
