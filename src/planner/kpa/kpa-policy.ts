import { choice, orNull, realNumber, truth, wholeNumber } from "../../config/fields.ts";
import type { Observation, PoolObservation } from "../planner.ts";
import type { PolicyPool, ReplicaLimits } from "../policy.ts";
import { currentReplicas, type PoolDecision, type PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";
import { replicaRange, type ReplicaRange } from "../replica-knobs.ts";
import { replicaWords } from "../replica-words.ts";
import { SlidingMean } from "../sliding-mean.ts";
import { KpaDecider } from "./kpa-decider.ts";
import { ScaleToZero } from "./scale-to-zero.ts";

const shape = {
  metric: choice(["concurrency", "rps"], "What is kept at its target: requests in flight, or requests a second."),
  target: orNull(realNumber({ above: 0 }, "Wanted of a replica; null = 100 in flight, or 200 a second.")),
  target_utilization_percentage: realNumber({ above: 0, max: 100 }, "Share of the target aimed at."),
  stable_window_seconds: wholeNumber({ min: 6, max: 3600 }, "Window of the mean in normal operation."),
  panic_window_percentage: realNumber({ min: 1, max: 100 }, "Panic window, percent of the stable one."),
  panic_threshold_percentage: realNumber({ min: 110, max: 1000 }, "Load, percent of what is ready, a panic begins at."),
  max_scale_up_rate: realNumber({ above: 1 }, "Most replicas of one decision, times those ready."),
  max_scale_down_rate: realNumber({ above: 1 }, "Least replicas of one decision: those ready divided by it."),
  scale_down_delay_seconds: wholeNumber({ min: 0, max: 3600 }, "How long a lower number must have been wanted."),
  enable_scale_to_zero: truth("Whether a pool without requests loses its last replica, where its least number is 0."),
  scale_to_zero_grace_period_seconds: realNumber(
    { above: 0 },
    "How long the activator must have stood before the pool by then.",
  ),
  scale_to_zero_pod_retention_period_seconds: realNumber({ min: 0 }, "How long the last replica stays at least."),
  target_burst_capacity: realNumber(
    { min: -1 },
    "Load beyond what is there that is to be had at once: with less than that to spare the activator stands before the pool; -1 = always.",
  ),
  activation_scale: wholeNumber({ min: 1 }, "Least replicas while there are requests."),
  tick_interval_seconds: wholeNumber({ min: 1 }, "Seconds between decisions."),
};

type KpaKnobs = PoolKnobs<typeof shape>;

/**
 * Knative's Pod Autoscaler with the defaults of its config-autoscaler. Concurrency is measured as its proxies do: requests
 * in flight, those waiting for a replica included, averaged over the time.
 */
export const kpaPolicy = definePoolPolicy({
  title: "Knative Pod Autoscaler (stable and panic windows)",
  shape,
  defaults: {
    metric: "concurrency",
    target: null,
    target_utilization_percentage: 70,
    stable_window_seconds: 60,
    panic_window_percentage: 10,
    panic_threshold_percentage: 200,
    max_scale_up_rate: 1000,
    max_scale_down_rate: 2,
    scale_down_delay_seconds: 0,
    enable_scale_to_zero: true,
    scale_to_zero_grace_period_seconds: 30,
    scale_to_zero_pod_retention_period_seconds: 0,
    target_burst_capacity: 200,
    activation_scale: 1,
    tick_interval_seconds: 2,
  },
  tunable: {
    target: [100, 64, 48, 32, 24, 16, 12, 8, 6],
    stable_window_seconds: [30, 60, 120, 300, 600],
    scale_down_delay_seconds: [0, 60, 120, 300, 600],
  },
  check: ({ target_burst_capacity: burst }, _pool, _context, report) => {
    if (burst < 0 && burst !== -1) report("target_burst_capacity", `found ${burst}, expected -1 or at least 0`);
  },
  intervalSeconds: (knobs) => knobs.tick_interval_seconds,
  createScaler: (knobs, pool, limits) => new KpaScaler(knobs, pool, limits),
});

class KpaScaler implements PoolScaler {
  private readonly knobs: KpaKnobs;
  private readonly range: ReplicaRange;
  private readonly target: number;
  private readonly stable: SlidingMean;
  private readonly panic: SlidingMean;
  private readonly decider: KpaDecider;
  private readonly scaleToZero: ScaleToZero;

  constructor(knobs: KpaKnobs, pool: PolicyPool, limits: ReplicaLimits) {
    this.knobs = knobs;
    this.range = replicaRange(knobs, pool, limits);
    const whole = knobs.target ?? (knobs.metric === "rps" ? 200 : 100);
    this.target = Math.max(0.01, (whole * knobs.target_utilization_percentage) / 100);
    const stableWindowSeconds = knobs.stable_window_seconds;
    this.stable = new SlidingMean(stableWindowSeconds);
    this.panic = new SlidingMean(Math.max(1, Math.round((stableWindowSeconds * knobs.panic_window_percentage) / 100)));
    this.decider = new KpaDecider(
      {
        targetValue: this.target,
        totalValue: whole,
        stableWindowSeconds,
        panicThreshold: knobs.panic_threshold_percentage / 100,
        maxScaleUpRate: knobs.max_scale_up_rate,
        maxScaleDownRate: knobs.max_scale_down_rate,
        scaleDownDelaySeconds: knobs.scale_down_delay_seconds,
        activationScale: knobs.activation_scale,
        targetBurstCapacity: knobs.target_burst_capacity,
      },
      pool.replicas,
    );
    this.scaleToZero = new ScaleToZero(
      {
        enabled: knobs.enable_scale_to_zero,
        stableWindowSeconds,
        gracePeriodSeconds: knobs.scale_to_zero_grace_period_seconds,
        podRetentionPeriodSeconds: knobs.scale_to_zero_pod_retention_period_seconds,
      },
      pool.replicas,
    );
  }

  decide(pool: PoolObservation, { nowSeconds, traffic }: Observation): PoolDecision {
    const { durationSeconds, offeredRequests } = traffic;
    const rate = durationSeconds > 0 ? offeredRequests / durationSeconds : 0;
    const value = this.knobs.metric === "rps" ? rate : pool.meanInFlight;
    this.stable.add(nowSeconds, durationSeconds, value);
    this.panic.add(nowSeconds, durationSeconds, value);
    const stableMean = cutToMillionths(this.stable.mean);
    const panicMean = cutToMillionths(this.panic.mean);
    const readyReplicas = pool.activeIds.length;
    const current = currentReplicas(pool);
    if (stableMean === null || panicMean === null) {
      return { replicas: current, reason: "No measurements yet." };
    }
    const decision = this.decider.decide(stableMean, panicMean, readyReplicas, nowSeconds);
    const { excessBurstCapacity } = decision;
    const replicas = this.scaleToZero.next(
      Math.min(Math.max(decision.replicas, this.range.least), this.range.most),
      { readyReplicas, currentReplicas: current, excessBurstCapacity },
      nowSeconds,
    );
    const [window, mean, wanted] =
      decision.panicking && panicMean > stableMean
        ? ["panic", panicMean, decision.panicReplicas]
        : ["stable", stableMean, decision.stableReplicas];
    const what = this.knobs.metric === "rps" ? "requests a second" : "requests in flight";
    const held = decision.panicking && wanted < replicas ? "; nothing goes in panic mode" : "";
    return {
      replicas,
      reason: `On average ${mean.toFixed(1)} ${what} in the ${window} window, ${this.target.toFixed(1)} a replica: ${replicaWords(wanted)}${held}.`,
      record: {
        stable_mean: stableMean,
        panic_mean: panicMean,
        mode: decision.panicking ? "panic" : "stable",
      },
    };
  }
}

/** Its windows do so; it keeps what only floating point adds from asking for a replica more. */
function cutToMillionths(mean: number | null): number | null {
  return mean === null ? null : Math.floor(mean * 1e6) / 1e6;
}
