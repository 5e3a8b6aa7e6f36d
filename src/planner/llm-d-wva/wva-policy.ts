import { realNumber, wholeNumber } from "../../config/fields.ts";
import type { Observation, PoolObservation } from "../planner.ts";
import { currentReplicas, type PoolDecision, type PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";
import { analyseSaturation } from "./saturation.ts";
import type { ReplicaLoad, SaturationThresholds } from "./saturation.ts";

const share = (description: string) => realNumber({ min: 0, max: 1 }, description);

const shape = {
  kv_cache_threshold: share("A replica is saturated when this share of its key-value cache is in use."),
  queue_length_threshold: realNumber({ min: 1 }, "A replica is saturated with so many requests waiting."),
  kv_spare_trigger: share("One more replica when the mean spare cache of those not saturated is below it."),
  queue_spare_trigger: realNumber({ min: 0 }, "One more replica when their mean spare queue is below it."),
  optimization_interval_seconds: wholeNumber({ min: 1 }, "Seconds between decisions."),
  scrape_interval_seconds: wholeNumber({ min: 1 }, "Seconds between readings of the replicas' gauges."),
  look_back_seconds: wholeNumber({ min: 1 }, "Window whose peaks count."),
};

type WvaKnobs = PoolKnobs<typeof shape>;

/**
 * llm-d's Workload Variant Autoscaler, saturation analysis of one variant: every 30 s, by the peaks of vLLM's cache-use and
 * waiting gauges over the last minute, one replica more or less; nothing while replicas are starting or going
 * (`CalculateSaturationTargets`). Thresholds are those of its ConfigMap. Its loop is fixed at 30 s; the `GLOBAL_OPT_INTERVAL`
 * of its documentation (60 s) is read and not used. The external autoscaler that carries its number out is taken to follow
 * at once.
 */
export const wvaPolicy = definePoolPolicy({
  title: "llm-d Workload Variant Autoscaler (saturation analysis)",
  shape,
  defaults: {
    kv_cache_threshold: 0.8,
    queue_length_threshold: 5,
    kv_spare_trigger: 0.1,
    queue_spare_trigger: 3,
    optimization_interval_seconds: 30,
    scrape_interval_seconds: 15,
    look_back_seconds: 60,
  },
  tunable: {
    kv_cache_threshold: [0.8, 0.6, 0.4, 0.3, 0.2, 0.15],
    kv_spare_trigger: [0.05, 0.1, 0.15, 0.2],
    queue_length_threshold: [5, 3, 2],
    queue_spare_trigger: [1, 2, 3, 4],
  },
  check: (knobs, _pool, _context, report) => {
    const { optimization_interval_seconds: interval, scrape_interval_seconds: scrape } = knobs;
    if (interval % scrape !== 0) {
      report(
        "scrape_interval_seconds",
        `found ${scrape}, expected a divisor of optimization_interval_seconds (${interval})`,
      );
    }
  },
  intervalSeconds: (knobs) => knobs.scrape_interval_seconds,
  createScaler: (knobs) => new WvaScaler(knobs),
});

interface Reading extends ReplicaLoad {
  readonly atSeconds: number;
}

class WvaScaler implements PoolScaler {
  private readonly knobs: WvaKnobs;
  private readonly thresholds: SaturationThresholds;
  private readonly readings = new Map<number, Reading[]>();

  constructor(knobs: WvaKnobs) {
    this.knobs = knobs;
    this.thresholds = {
      kvCacheThreshold: knobs.kv_cache_threshold,
      queueLengthThreshold: knobs.queue_length_threshold,
      kvSpareTrigger: knobs.kv_spare_trigger,
      queueSpareTrigger: knobs.queue_spare_trigger,
    };
  }

  decide(pool: PoolObservation, { nowSeconds }: Observation): PoolDecision {
    this.read(pool, nowSeconds);
    const ready = pool.activeIds.length;
    const current = currentReplicas(pool);
    const interval = this.knobs.optimization_interval_seconds;
    if (nowSeconds % interval !== 0) return { replicas: current, reason: "Between two decisions." };
    const analysis = analyseSaturation(this.peaks(), this.thresholds);
    const { spareKv, spareQueue, nonSaturated } = analysis;
    const found = `${nonSaturated} of ${ready} replicas not saturated, spare cache ${(spareKv * 100).toFixed(0)} %, spare queue ${spareQueue.toFixed(1)}`;
    const record = { spare_kv: spareKv, spare_queue: spareQueue, non_saturated: nonSaturated };
    const decided = (replicas: number, words: string): PoolDecision => ({
      replicas,
      reason: `${found}: ${words}.`,
      record,
    });
    const { shouldScaleUp, scaleDownSafe } = analysis;
    const [starting, going] = [pool.startingIds.length, pool.drainingIds.length];
    if (starting + going > 0) {
      const wish = shouldScaleUp ? "more are needed" : scaleDownSafe ? "one less is safe" : "no change";
      return decided(current, `${wish}, ${starting > 0 ? `${starting} are starting` : `${going} are going`}`);
    }
    if (shouldScaleUp) return decided(ready + 1, "one more");
    return scaleDownSafe ? decided(Math.max(1, ready - 1), "one less is safe") : decided(current, "no change");
  }

  private read(pool: PoolObservation, nowSeconds: number): void {
    const active = new Set(pool.activeIds);
    for (const id of this.readings.keys()) if (!active.has(id)) this.readings.delete(id);
    for (const { id, state, kvUtilisation, waiting } of pool.workers) {
      if (state !== "active") continue;
      const kept = (this.readings.get(id) ?? []).filter(
        ({ atSeconds }) => atSeconds > nowSeconds - this.knobs.look_back_seconds,
      );
      kept.push({ atSeconds: nowSeconds, kvUsage: kvUtilisation, queueLength: waiting });
      this.readings.set(id, kept);
    }
  }

  private peaks(): ReplicaLoad[] {
    return [...this.readings.values()].map((readings) => ({
      kvUsage: Math.max(...readings.map(({ kvUsage }) => kvUsage)),
      queueLength: Math.max(...readings.map(({ queueLength }) => queueLength)),
    }));
  }
}
