/** How far value ÷ target may be below and above 1 without any change. */
export interface Tolerances {
  readonly scaleDown: number;
  readonly scaleUp: number;
}

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
 * Replicas one per-pod metric asks for (`calcPlainMetricReplicas` of Kubernetes' pkg/controller/podautoscaler): the ready
 * pods times mean ÷ target, rounded up; nothing within the tolerances. Pods without a value count as on target where the
 * others say down, as idle where they say up, and not at all where they say neither; a ratio that this turns around, or
 * brings within the tolerances, changes nothing.
 * @returns null without any pod that reports
 */
export function replicasForPods({ values, missing, target }: PodMetric, tolerances: Tolerances): number | null {
  const ready = values.length;
  if (ready === 0) return null;
  const current = ready + missing;
  const goal = targetInMilli(target);
  const total = values.reduce((sum, value) => sum + inMilli(value), 0);
  const ratio = Math.trunc(total / ready) / goal;
  if (missing === 0) return isWithin(ratio, tolerances) ? current : Math.ceil(ratio * ready);
  if (ratio === 1) return current;
  const damped = Math.trunc((total + (ratio < 1 ? missing * goal : 0)) / current) / goal;
  // Pods on target cannot make up for others below it: only upwards can a ratio be turned around.
  if (isWithin(damped, tolerances) || (ratio > 1 && damped < 1)) return current;
  return Math.ceil(damped * current);
}

/**
 * Replicas an external metric with a target average value asks for (`GetExternalPerPodMetricReplicas`): total ÷ target,
 * rounded up; nothing while the mean over the current replicas is within the tolerances of the target.
 */
export function replicasForTotal(total: number, target: number, current: number, tolerances: Tolerances): number {
  const goal = targetInMilli(target);
  const usage = inMilli(total);
  return current > 0 && isWithin(usage / (goal * current), tolerances) ? current : Math.ceil(usage / goal);
}

function isWithin(ratio: number, { scaleDown, scaleUp }: Tolerances): boolean {
  return 1 - scaleDown <= ratio && ratio <= 1 + scaleUp;
}

/** Metric values reach the controller in whole thousandths, cut off. */
function inMilli(value: number): number {
  return Math.trunc(value * 1000);
}

/** So does the target of its manifest, rounded up. */
function targetInMilli(target: number): number {
  return Math.max(1, Math.ceil(target * 1000 - 1e-6));
}
