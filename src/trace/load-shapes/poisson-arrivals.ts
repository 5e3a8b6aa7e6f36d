import type { SeededRandom } from "../../random/seeded-random.ts";
import type { Intensity } from "./load-shape.ts";

/**
 * Draws arrivals of a Poisson process with a changing rate by thinning (Lewis and Shedler, 1979): the counts of windows
 * that do not overlap are independent and Poisson, with the integral of the rate as their mean.
 *
 * The process is seen from a request that comes at time 0, so that a trace's times are counted from where its shape
 * begins; what comes after is not changed by it.
 *
 * @returns ascending, whole ms (rounded down, so windows of whole ms keep their counts), all before the duration
 */
export function poissonArrivals(intensity: Intensity, durationSeconds: number, random: SeededRandom): Float64Array {
  const { at, most } = intensity;
  const arrivalMs = [0];
  let seconds = 0;
  for (;;) {
    seconds += random.exponential() / most;
    if (seconds >= durationSeconds) return Float64Array.from(arrivalMs);
    if (random.uniform() * most < at(seconds)) arrivalMs.push(Math.floor(seconds * 1000));
  }
}
