/** Thresholds of the saturation analysis, names as in its ConfigMap. */
export interface SaturationThresholds {
  readonly kvCacheThreshold: number;
  readonly queueLengthThreshold: number;
  readonly kvSpareTrigger: number;
  readonly queueSpareTrigger: number;
}

/** The peaks of one replica over the look-back. */
export interface ReplicaLoad {
  /** Share of the key-value cache in use, 0..1. */
  readonly kvUsage: number;
  /** Requests waiting. */
  readonly queueLength: number;
}

/** What the analysis found. */
export interface SaturationAnalysis {
  readonly nonSaturated: number;
  /** Means over replicas that are not saturated; 0 when all are. */
  readonly spareKv: number;
  readonly spareQueue: number;
  readonly shouldScaleUp: boolean;
  readonly scaleDownSafe: boolean;
}

/**
 * The Workload Variant Autoscaler's saturation analysis (llm-d, "Saturation Analyzer"). A replica is saturated at a cache
 * use or queue at or over its threshold. One more replica when the mean spare capacity of the others is below a trigger
 * (or none is left); one less is safe when their load, spread over one replica less, leaves spare capacity at or over both.
 */
export function analyseSaturation(
  replicas: readonly ReplicaLoad[],
  thresholds: SaturationThresholds,
): SaturationAnalysis {
  const { kvCacheThreshold, queueLengthThreshold, kvSpareTrigger, queueSpareTrigger } = thresholds;
  const healthy = replicas.filter(
    ({ kvUsage, queueLength }) => kvUsage < kvCacheThreshold && queueLength < queueLengthThreshold,
  );
  const count = healthy.length;
  const kv = healthy.reduce((sum, { kvUsage }) => sum + kvUsage, 0);
  const queue = healthy.reduce((sum, { queueLength }) => sum + queueLength, 0);
  const spareKv = count === 0 ? 0 : kvCacheThreshold - kv / count;
  const spareQueue = count === 0 ? 0 : queueLengthThreshold - queue / count;
  const left = count - 1;
  const scaleDownSafe =
    count >= 2 &&
    kvCacheThreshold - kv / left >= kvSpareTrigger &&
    queueLengthThreshold - queue / left >= queueSpareTrigger;
  return {
    nonSaturated: count,
    spareKv,
    spareQueue,
    shouldScaleUp: replicas.length > 0 && (spareKv < kvSpareTrigger || spareQueue < queueSpareTrigger),
    scaleDownSafe,
  };
}
