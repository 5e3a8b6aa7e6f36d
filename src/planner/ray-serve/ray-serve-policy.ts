import { orNull, realNumber } from "../../config/fields.ts";
import { SlidingMean } from "../sliding-mean.ts";
import type { Observation, PoolObservation } from "../planner.ts";
import type { PolicyPool, ReplicaLimits } from "../policy.ts";
import type { PoolDecision, PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";
import { desiredReplicas, ScalingDelays } from "./ray-serve-scaler.ts";
import type { RayServeSettings } from "./ray-serve-scaler.ts";
import { replicaWords } from "../replica-words.ts";

const shape = {
  target_ongoing_requests: realNumber({ above: 0 }, "Wanted mean of requests processed and queued a replica."),
  upscale_delay_s: realNumber({ min: 0 }, "How long more replicas must be wanted."),
  downscale_delay_s: realNumber({ min: 0 }, "How long fewer replicas must be wanted."),
  downscale_to_zero_delay_s: orNull(
    realNumber({ min: 0 }, "The same for the last replica, where the least number is 0; null = downscale_delay_s."),
  ),
  upscaling_factor: realNumber({ above: 0 }, "Multiplies the distance to the target when over it."),
  downscaling_factor: realNumber({ above: 0 }, "Multiplies the distance to the target when under it."),
  look_back_period_s: realNumber({ above: 0 }, "Window of the mean."),
  metrics_interval_s: realNumber({ above: 0 }, "Seconds between measurements and decisions."),
};

type RayServeKnobs = PoolKnobs<typeof shape>;

/**
 * Ray Serve's default autoscaling policy with the defaults of its AutoscalingConfig. Its control loop runs ten times a
 * second on measurements that come every `metrics_interval_s`; deciding whenever one comes is the same to within a delay
 * rounded up to that interval.
 */
export const rayServePolicy = definePoolPolicy({
  title: "Ray Serve's replica autoscaler",
  shape,
  defaults: {
    target_ongoing_requests: 2,
    upscale_delay_s: 30,
    downscale_delay_s: 600,
    downscale_to_zero_delay_s: null,
    upscaling_factor: 1,
    downscaling_factor: 1,
    look_back_period_s: 30,
    metrics_interval_s: 10,
  },
  tunable: {
    target_ongoing_requests: [48, 32, 24, 16, 12, 8, 6, 4, 3, 2],
    upscale_delay_s: [0, 10, 30, 60],
    downscale_delay_s: [60, 120, 300, 600, 1200],
    look_back_period_s: [10, 30, 60, 120],
  },
  intervalSeconds: (knobs) => knobs.metrics_interval_s,
  createScaler: (knobs, pool, limits) => new RayServeScaler(knobs, pool, limits),
});

class RayServeScaler implements PoolScaler {
  private readonly settings: RayServeSettings;
  private readonly ongoing: SlidingMean;
  private readonly delays: ScalingDelays;

  constructor(knobs: RayServeKnobs, { gpusPerWorker }: PolicyPool, limits: ReplicaLimits) {
    const budget = limits.maxGpus === null ? Infinity : Math.floor(limits.maxGpus / gpusPerWorker);
    this.settings = {
      targetOngoingRequests: knobs.target_ongoing_requests,
      upscalingFactor: knobs.upscaling_factor,
      downscalingFactor: knobs.downscaling_factor,
      upscaleDelaySeconds: knobs.upscale_delay_s,
      downscaleDelaySeconds: knobs.downscale_delay_s,
      downscaleToZeroDelaySeconds: knobs.downscale_to_zero_delay_s ?? knobs.downscale_delay_s,
      minReplicas: knobs.min_replicas ?? limits.minReplicas,
      maxReplicas: Math.min(knobs.max_replicas ?? Infinity, budget),
    };
    this.ongoing = new SlidingMean(knobs.look_back_period_s);
    this.delays = new ScalingDelays(this.settings);
  }

  decide(pool: PoolObservation, { nowSeconds, traffic }: Observation): PoolDecision {
    this.ongoing.add(nowSeconds, traffic.durationSeconds, pool.meanInFlight);
    const ongoing = this.ongoing.mean ?? 0;
    const running = pool.activeIds.length;
    const target = running + pool.startingIds.length;
    const record = { ongoing_requests: ongoing };
    if (running === 0) {
      const woken = ongoing > 0 ? Math.max(Math.ceil(this.settings.upscalingFactor), target) : target;
      return { replicas: woken, reason: `${ongoing.toFixed(1)} ongoing requests and no running replica.`, record };
    }
    const desired = desiredReplicas(ongoing, running, this.settings);
    const { replicas, dueSeconds } = this.delays.decide(desired, target, nowSeconds);
    const mean = `On average ${(ongoing / running).toFixed(1)} ongoing requests a replica, target ${this.settings.targetOngoingRequests}`;
    const waiting = dueSeconds === null ? "" : `, if that still holds at ${dueSeconds.toFixed(0)} s`;
    return {
      replicas,
      reason: `${mean}: ${replicaWords(desired)}${waiting}.`,
      record: { ...record, wanted_replicas: desired },
    };
  }
}
