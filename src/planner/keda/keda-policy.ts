import { choice, orNull, realNumber, wholeNumber } from "../../config/fields.ts";
import { behaviorKnob } from "../hpa/behavior-knobs.ts";
import { HpaScaler } from "../hpa/hpa-policy.ts";
import { loadMetrics, metricWords, total } from "../load-metric.ts";
import type { Observation, PoolName, PoolObservation } from "../planner.ts";
import { currentReplicas, sameMoment, type PoolDecision, type PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";
import { replicaRange, type ReplicaRange } from "../replica-knobs.ts";

const shape = {
  metric: choice(loadMetrics, "Metric of the trigger, summed over the pool."),
  threshold: realNumber({ above: 0 }, "Wanted value a replica."),
  activation_threshold: realNumber({ min: 0 }, "The trigger is active above it: wakes the pool up from no replicas."),
  polling_interval_seconds: wholeNumber({ min: 1 }, "Seconds between looks at whether the trigger is active."),
  cooldown_period_seconds: wholeNumber(
    { min: 0 },
    "Seconds after the trigger was last active before the pool goes idle.",
  ),
  initial_cooldown_period_seconds: wholeNumber(
    { min: 0 },
    "Seconds at the start without going idle, until the trigger is first active.",
  ),
  idle_replicas: orNull(
    wholeNumber({ min: 0, max: 0 }, "Replicas of an idle pool, fewer than the least; null = the least number itself."),
  ),
  sync_period_seconds: wholeNumber({ min: 1 }, "Seconds between decisions of the HorizontalPodAutoscaler it drives."),
  tolerance: realNumber({ min: 0, max: 1 }, "Tolerance of that autoscaler."),
  behavior: behaviorKnob,
};

type KedaKnobs = PoolKnobs<typeof shape>;

/**
 * KEDA's ScaledObject with one trigger. Between one replica and the most, a HorizontalPodAutoscaler follows the trigger's
 * value as an external metric of target average value; KEDA itself takes the pool from and to none. Defaults are KEDA's,
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
  check: (knobs, _pool, { limits }, report) => {
    if (knobs.idle_replicas === null || (knobs.min_replicas ?? limits.minReplicas) > 0) return;
    report("idle_replicas", `found ${knobs.idle_replicas}, expected less than the least replicas, which are 0`);
  },
  intervalSeconds: (knobs) => Math.min(knobs.sync_period_seconds, knobs.polling_interval_seconds),
  createScaler: (knobs, pool, limits) => new KedaScaler(pool.name, knobs, replicaRange(knobs, pool, limits)),
  leastReplicas: (knobs, limits) => knobs.idle_replicas ?? knobs.min_replicas ?? limits.minReplicas,
});

/**
 * KEDA's scale loop and the autoscaler it keeps (`RequestScale` of KEDA's
 * pkg/scaling/executor/scale_scaledobjects.go). The loop alone goes to and from no replicas; at none the autoscaler is off,
 * and it never goes below one itself.
 */
class KedaScaler implements PoolScaler {
  private readonly name: PoolName;
  private readonly knobs: KedaKnobs;
  private readonly range: ReplicaRange;
  private readonly hpa: HpaScaler;
  private nextPollSeconds: number;
  private nextSyncSeconds: number;
  /** null = not yet: then there is nothing to cool down from. */
  private lastActiveSeconds: number | null = null;
  private hasSynced = false;

  constructor(name: PoolName, knobs: KedaKnobs, range: ReplicaRange) {
    this.name = name;
    this.knobs = knobs;
    this.range = range;
    this.nextPollSeconds = knobs.polling_interval_seconds;
    this.nextSyncSeconds = knobs.sync_period_seconds;
    const metrics = [{ name: knobs.metric, target: knobs.threshold, type: "External" as const }];
    this.hpa = new HpaScaler(
      name,
      { metrics, tolerance: knobs.tolerance, behavior: knobs.behavior },
      { least: this.leastAwake, most: range.most },
    );
  }

  decide(pool: PoolObservation, observation: Observation): PoolDecision {
    const { nowSeconds } = observation;
    const value = total(this.knobs.metric, this.name, pool, observation);
    const current = currentReplicas(pool);
    const polled = this.isDue(this.nextPollSeconds, nowSeconds);
    if (polled) this.nextPollSeconds = nowSeconds + this.knobs.polling_interval_seconds;
    const synced = this.isDue(this.nextSyncSeconds, nowSeconds);
    if (synced) this.nextSyncSeconds = nowSeconds + this.knobs.sync_period_seconds;
    const decision =
      (polled ? this.poll(value, current, nowSeconds) : null) ??
      (synced ? this.sync(pool, observation, current) : null) ??
      this.idle(current, value);
    return {
      ...decision,
      record: { ...decision.record, [this.knobs.metric]: value },
      againSeconds: Math.min(this.nextPollSeconds, this.nextSyncSeconds),
    };
  }

  settled(replicas: number, nowSeconds: number): void {
    // The autoscaler's rate policies know its own changes only.
    if (this.hasSynced) this.hpa.settled(replicas, nowSeconds);
    this.hasSynced = false;
  }

  /** What the scale loop does; null = nothing. */
  private poll(value: number, current: number, nowSeconds: number): PoolDecision | null {
    const { knobs } = this;
    const is = `${metricWords[knobs.metric]}: ${value}`;
    if (value > knobs.activation_threshold) {
      this.lastActiveSeconds = nowSeconds;
      if (current > 0) return null;
      return { replicas: this.leastAwake, reason: `The trigger is active (${is}): the idle pool wakes up.` };
    }
    const mayIdle = knobs.idle_replicas !== null || this.range.least === 0;
    if (!mayIdle || current === 0) return null;
    const since = this.lastActiveSeconds ?? 0;
    const wait =
      this.lastActiveSeconds === null ? knobs.initial_cooldown_period_seconds : knobs.cooldown_period_seconds;
    if (nowSeconds - since < wait - sameMoment) return null;
    const quiet = Math.round(nowSeconds - since);
    return { replicas: 0, reason: `The trigger has been inactive for ${quiet} s: the pool goes idle.` };
  }

  private sync(pool: PoolObservation, observation: Observation, current: number): PoolDecision | null {
    if (current === 0) return null;
    this.hasSynced = true;
    const decision = this.hpa.decide(pool, observation);
    return { ...decision, replicas: Math.max(this.leastAwake, decision.replicas) };
  }

  private idle(current: number, value: number): PoolDecision {
    const is = `${metricWords[this.knobs.metric]}: ${value}`;
    return { replicas: current, reason: current === 0 ? `The pool is idle (${is}).` : "Between two decisions." };
  }

  private isDue(dueSeconds: number, nowSeconds: number): boolean {
    return nowSeconds >= dueSeconds - sameMoment;
  }

  private get leastAwake(): number {
    return Math.max(1, this.range.least);
  }
}
