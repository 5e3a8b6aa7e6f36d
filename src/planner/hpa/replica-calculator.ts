/** What a metric says about one pool: the pods' values, and how many pods have none yet. */
export interface PodMetric {
  /** Values of the ready pods. */
  readonly values: readonly number[];
  /** Pods that exist and report nothing: those still starting. */
  readonly missing: number;
  /** Wanted mean. */
  readonly target: number;
}

/**
 * Replicas one per-pod metric asks for (Kubernetes documentation, "Algorithm details"):
 * desired = ceil(current × current value / desired value), nothing within the tolerance. Pods without a value count as
 * 100 % of the target where the others say down, and as 0 % where they say up; a ratio that this turns around, or brings
 * within the tolerance, changes nothing.
 * @returns null without any pod that reports
 */
export function replicasForPods({ values, missing, target }: PodMetric, tolerance: number): number | null {
  const ready = values.length;
  if (ready === 0) return null;
  const current = ready + missing;
  const ratio = sum(values) / ready / target;
  const isNear = (one: number): boolean => Math.abs(one - 1) <= tolerance;
  if (missing === 0) return isNear(ratio) ? current : ceil(ratio * ready);
  const assumed = ratio < 1 ? missing * target : 0;
  const damped = (sum(values) + assumed) / current / target;
  // Pods at the target cannot make up for others below it: only upwards can a ratio be turned around.
  if (isNear(damped) || (ratio > 1 && damped < 1)) return current;
  return ceil(damped * current);
}

/**
 * Replicas an external metric with a target average value asks for: total / target, nothing while the mean over the
 * current replicas is within the tolerance of the target.
 */
export function replicasForTotal(total: number, target: number, current: number, tolerance: number): number {
  if (current > 0 && Math.abs(total / (target * current) - 1) <= tolerance) return current;
  return ceil(total / target);
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** Rounds up, but for what only floating point makes more than a whole number. */
function ceil(value: number): number {
  return Math.max(0, Math.ceil(value - 1e-9));
}
