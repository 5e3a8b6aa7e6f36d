import type { Observation, PoolObservation } from "../planner.ts";
import { currentReplicas, type PoolDecision, type PoolScaler } from "../pool-by-pool.ts";
import { GaugePeaks } from "./gauge-peaks.ts";
import { analyseSaturation } from "./saturation.ts";
import type { WvaKnobs } from "./wva-knobs.ts";

/**
 * One replica more or less by the saturation analysis in percent; nothing while replicas are starting or going
 * (`CalculateSaturationTargets` of internal/saturation/analyzer.go).
 */
export class PercentScaler implements PoolScaler {
  private readonly knobs: WvaKnobs;
  private readonly peaks: GaugePeaks;

  constructor(knobs: WvaKnobs) {
    this.knobs = knobs;
    this.peaks = new GaugePeaks(knobs.look_back_seconds);
  }

  decide(pool: PoolObservation, { nowSeconds }: Observation): PoolDecision {
    const { knobs } = this;
    this.peaks.read(pool, nowSeconds);
    const current = currentReplicas(pool);
    if (nowSeconds % knobs.optimization_interval_seconds !== 0)
      return { replicas: current, reason: "Between two decisions." };
    const { spareKv, spareQueue, nonSaturated, shouldScaleUp, scaleDownSafe } = analyseSaturation(
      this.peaks.of(pool.activeIds),
      {
        kvCacheThreshold: knobs.kv_cache_threshold,
        queueLengthThreshold: knobs.queue_length_threshold,
        kvSpareTrigger: knobs.kv_spare_trigger,
        queueSpareTrigger: knobs.queue_spare_trigger,
      },
    );
    const ready = pool.activeIds.length;
    const found = `${nonSaturated} of ${ready} replicas not saturated, spare cache ${(spareKv * 100).toFixed(0)} %, spare queue ${spareQueue.toFixed(1)}`;
    const decided = (replicas: number, words: string): PoolDecision => ({
      replicas,
      reason: `${found}: ${words}.`,
      record: { spare_kv: spareKv, spare_queue: spareQueue, non_saturated: nonSaturated },
    });
    const [starting, going] = [pool.startingIds.length, pool.drainingIds.length];
    if (starting + going > 0) {
      const wish = shouldScaleUp ? "more are needed" : scaleDownSafe ? "one less is safe" : "no change";
      return decided(current, `${wish}, ${starting > 0 ? `${starting} are starting` : `${going} are going`}`);
    }
    if (shouldScaleUp) return decided(ready + 1, "one more");
    return scaleDownSafe ? decided(Math.max(1, ready - 1), "one less is safe") : decided(current, "no change");
  }
}
