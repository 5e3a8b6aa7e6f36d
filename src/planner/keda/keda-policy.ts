import { choice, orNull, realNumber, wholeNumber } from "../../config/fields.ts";
import { behaviorKnob } from "../hpa/behavior-knobs.ts";
import { HpaScaler } from "../hpa/hpa-policy.ts";
import { loadMetrics, metricWords, total } from "../load-metric.ts";
import type { Observation, PoolName, PoolObservation } from "../planner.ts";
import type { ReplicaLimits } from "../policy.ts";
import type { PoolDecision, PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";

const shape = {
  metric: choice(loadMetrics, "Metric of the trigger, summed over the pool."),
  threshold: realNumber({ above: 0 }, "Wanted value a replica."),
  activation_threshold: realNumber({ min: 0 }, "The trigger is active above it: wakes the pool up from no replicas."),
  polling_interval_seconds: wholeNumber({ min: 1 }, "Seconds between looks at whether the trigger is active."),
  cooldown_period_seconds: wholeNumber(
    { min: 0 },
    "Seconds after the trigger was last active before the pool goes idle.",
  ),
  initial_cooldown_period_seconds: wholeNumber({ min: 0 }, "Seconds at the start without going idle."),
  idle_replicas: orNull(
    wholeNumber({ min: 0 }, "Replicas of an idle pool, fewer than the least; null = the least number itself."),
  ),
  sync_period_seconds: wholeNumber({ min: 1 }, "Seconds between decisions of the HorizontalPodAutoscaler it drives."),
  tolerance: realNumber({ min: 0, max: 1 }, "Tolerance of that autoscaler."),
  behavior: behaviorKnob,
};

type KedaKnobs = PoolKnobs<typeof shape>;

/**
 * KEDA's ScaledObject with one trigger. Between one replica and the most, a HorizontalPodAutoscaler follows the trigger's
 * value as an external metric of target average value; KEDA itself takes the pool from and to idle. Defaults are KEDA's,
 * except that the least number of replicas is `min_endpoint` (KEDA's own is 0: `min_replicas: 0` sets it). The queue of 5 is
 * that of the vLLM production stack's guide.
 */
export const kedaPolicy = definePoolPolicy({
  title: "KEDA ScaledObject with a queue trigger",
  shape,
  defaults: {
    metric: "queue",
    threshold: 5,
    activation_threshold: 0,
    polling_interval_seconds: 30,
    cooldown_period_seconds: 300,
    initial_cooldown_period_seconds: 0,
    idle_replicas: null,
    sync_period_seconds: 15,
    tolerance: 0.1,
    behavior: null,
  },
  tunable: {
    metric: ["queue", "concurrency"],
    threshold: [48, 32, 24, 16, 12, 8, 5, 3, 2, 1, 0.5],
    behavior: [30, 60, 120, 300, 600, 1200].map((seconds) => ({
      scale_down: { stabilization_window_seconds: seconds },
    })),
  },
  check: (knobs, _pool, context, report) => {
    const least = leastAwake(knobs, context.limits);
    if (knobs.idle_replicas !== null && knobs.idle_replicas >= least) {
      report(
        "idle_replicas",
        `found ${knobs.idle_replicas}, expected less than the least replicas, which are ${least}`,
      );
    }
  },
  intervalSeconds: (knobs) => knobs.sync_period_seconds,
  createScaler: (knobs, { name }, limits) => new KedaScaler(name, knobs, leastAwake(knobs, limits)),
  leastReplicas: (knobs, limits) => {
    const least = leastAwake(knobs, limits);
    return Math.min(least, knobs.idle_replicas ?? least);
  },
});

/** Least replicas of a pool that is not idle. */
function leastAwake(knobs: KedaKnobs, limits: ReplicaLimits): number {
  return knobs.min_replicas ?? limits.minReplicas;
}

class KedaScaler implements PoolScaler {
  private readonly name: PoolName;
  private readonly knobs: KedaKnobs;
  private readonly leastReplicas: number;
  private readonly hpa: HpaScaler;
  private lastPollSeconds = -Infinity;
  private lastActiveSeconds = 0;
  private wokenTo = 0;

  constructor(name: PoolName, knobs: KedaKnobs, leastReplicas: number) {
    this.name = name;
    this.knobs = knobs;
    this.leastReplicas = leastReplicas;
    const metrics = [{ name: knobs.metric, target: knobs.threshold, type: "External" as const }];
    this.hpa = new HpaScaler(name, { metrics, tolerance: knobs.tolerance, behavior: knobs.behavior });
  }

  decide(pool: PoolObservation, observation: Observation): PoolDecision {
    const { nowSeconds } = observation;
    const { knobs } = this;
    const current = pool.activeIds.length + pool.startingIds.length;
    const idleReplicas = knobs.idle_replicas ?? this.leastReplicas;
    const value = total(knobs.metric, this.name, pool, observation);
    const record = { [knobs.metric]: value };
    const polled = nowSeconds - this.lastPollSeconds >= knobs.polling_interval_seconds - 1e-9;
    if (polled) {
      this.lastPollSeconds = nowSeconds;
      if (value > knobs.activation_threshold) this.lastActiveSeconds = nowSeconds;
    }
    const busy = polled && this.lastActiveSeconds === nowSeconds;
    const awake = Math.max(1, this.leastReplicas);
    if (current < awake && current <= idleReplicas) {
      if (busy) this.wokenTo = awake;
      const reason = busy
        ? `The trigger is active (${metricWords[knobs.metric]}: ${value}): the idle pool wakes up.`
        : `The pool is idle (${metricWords[knobs.metric]}: ${value}).`;
      return { replicas: busy ? awake : current, reason, record };
    }
    this.wokenTo = 0;
    const quietSeconds = nowSeconds - this.lastActiveSeconds;
    const mayIdle = nowSeconds >= knobs.initial_cooldown_period_seconds && idleReplicas < awake;
    if (mayIdle && polled && quietSeconds >= knobs.cooldown_period_seconds) {
      const reason = `The trigger has been inactive for ${Math.round(quietSeconds)} s: the pool goes idle.`;
      return { replicas: idleReplicas, reason, record };
    }
    const decision = this.hpa.decide(pool, observation);
    // The autoscaler KEDA drives never goes below one replica: only KEDA itself does.
    return { ...decision, replicas: Math.max(awake, decision.replicas), record: { ...decision.record, ...record } };
  }

  settled(replicas: number, nowSeconds: number): void {
    if (this.wokenTo === 0) this.hpa.settled(replicas, nowSeconds);
  }
}
