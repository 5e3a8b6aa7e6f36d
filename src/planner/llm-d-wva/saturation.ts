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
 * The saturation analysis in percent of llm-d's Workload Variant Autoscaler, for one variant (`AnalyzeModelSaturation` of
 * its internal/saturation/analyzer.go). A replica is saturated at a cache use or queue at or over its threshold. One more
 * replica when the mean spare capacity of the others is below a trigger (or none is left); one less is safe when their load,
 * spread over one replica less, leaves spare capacity at or over both.
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
  const spareKv = mean(healthy.map(({ kvUsage }) => kvCacheThreshold - kvUsage));
  const spareQueue = mean(healthy.map(({ queueLength }) => queueLengthThreshold - queueLength));
  // In its order: at a trigger, floating point decides.
  const spareOfFewer = (threshold: number, spare: number): number =>
    threshold - (threshold - spare) * (count / (count - 1));
  return {
    nonSaturated: count,
    spareKv,
    spareQueue,
    shouldScaleUp: replicas.length > 0 && (spareKv < kvSpareTrigger || spareQueue < queueSpareTrigger),
    scaleDownSafe:
      count >= 2 &&
      spareOfFewer(kvCacheThreshold, spareKv) >= kvSpareTrigger &&
      spareOfFewer(queueLengthThreshold, spareQueue) >= queueSpareTrigger,
  };
}

/** 0 of none. Once for the variant, once for the model: the second time nothing but rounding is added. */
function mean(values: readonly number[]): number {
  const count = values.length;
  if (count === 0) return 0;
  return ((values.reduce((sum, value) => sum + value, 0) / count) * count) / count;
}
