import type { SeededRandom } from "../../random/seeded-random.ts";

/**
 * `count` draws, uniform in [0, 1) and in random order, one from each of `count` equal slices: sums over them vary far
 * less from seed to seed than those of independent draws.
 */
export function stratifiedDraws(count: number, random: SeededRandom): Float64Array {
  const draws = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    // Inside-out shuffle (Fisher and Yates).
    const other = random.integer(index + 1);
    draws[index] = draws[other]!;
    draws[other] = (index + random.uniform()) / count;
  }
  return draws;
}
