import type { SeededRandom } from "../../random/seeded-random.ts";

/** A log-normal distribution of token counts. */
export interface LogNormalLength {
  /** Tokens. */
  readonly median: number;
  /** Standard deviation of the logarithm. */
  readonly sigma: number;
  /** Tokens; longer draws are cut to it. */
  readonly most: number;
}

/** Draws token counts, at least 1 each. */
export function logNormalLengths(
  count: number,
  { median, sigma, most }: LogNormalLength,
  random: SeededRandom,
): Int32Array {
  const lengths = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    const drawn = Math.round(median * Math.exp(sigma * random.normal()));
    lengths[index] = Math.min(Math.max(drawn, 1), most);
  }
  return lengths;
}
