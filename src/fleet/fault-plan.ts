import type { PoolName } from "../planner/planner.ts";
import type { SeededRandom } from "../random/seeded-random.ts";

/** What goes wrong with workers, and what happens then. */
export interface FaultPlan {
  readonly failures: readonly PlannedFailure[];
  /** Mean time a worker runs before it fails, s; null = only planned failures. */
  readonly meanTimeBetweenFailuresSeconds: number | null;
  /** A failed worker is replaced at once by a new one, which starts up. */
  readonly restart: boolean;
  /** Time until the replacement begins to start, s (detection, a new node). */
  readonly restartDelaySeconds: number;
  /** How often a request whose worker fails goes on elsewhere with the tokens it has; then it fails. */
  readonly migrationLimit: number;
  /** Coefficient of variation of start-up times (log-normal; the engine's startup_time is their mean). */
  readonly startupVariation: number;
  /** Share of start-ups that take `slowStartFactor` times as long. */
  readonly slowStartShare: number;
  readonly slowStartFactor: number;
}

/** A worker that fails at a time. */
export interface PlannedFailure {
  readonly atSeconds: number;
  readonly pool: PoolName;
  readonly worker: number;
}

/** How many times as long as usual the start-up of a worker takes. */
export function startupFactor(plan: FaultPlan, random: SeededRandom): number {
  // All are drawn whatever the plan, so that one setting does not change the draws of another.
  const spread = random.normal();
  const slow = random.uniform() < plan.slowStartShare;
  const variance = Math.log(1 + plan.startupVariation ** 2);
  return Math.exp(Math.sqrt(variance) * spread - variance / 2) * (slow ? plan.slowStartFactor : 1);
}
