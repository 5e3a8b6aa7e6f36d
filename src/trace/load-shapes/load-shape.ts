import type { SeededRandom } from "../../random/seeded-random.ts";

/** A workload whose arrival rate follows a form given in advance: what an autoscaler has to keep up with. */
export interface LoadShape {
  readonly name: string;
  /** One line for users: how its rate goes. */
  readonly description: string;
  readonly durationSeconds: number;
  /** The rate over time. One that is itself random takes its draws from `random`. */
  readonly intensity: (random: SeededRandom) => Intensity;
}

/** Expected arrivals per second of a Poisson process whose rate changes with time. */
export interface Intensity {
  /** The rate at a time in seconds, from 0 to the shape's duration. */
  readonly at: (seconds: number) => number;
  /** No rate is above this one. */
  readonly most: number;
}
