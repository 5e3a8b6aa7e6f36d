import { orNull, realNumber } from "../../config/fields.ts";
import type { Observation, PoolObservation } from "../planner.ts";
import type { PolicyPool, ReplicaLimits } from "../policy.ts";
import { currentReplicas, sameMoment, type PoolDecision, type PoolScaler } from "../pool-by-pool.ts";
import { definePoolPolicy, type PoolKnobs } from "../pool-policy.ts";
import { replicaRange } from "../replica-knobs.ts";
import { replicaWords } from "../replica-words.ts";
import { SlidingMean } from "../sliding-mean.ts";
import { controlLoopSeconds, desiredReplicas, ScalingDelays } from "./ray-serve-scaler.ts";
import type { RayServeSettings } from "./ray-serve-scaler.ts";

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
  metrics_interval_s: realNumber({ above: 0 }, "Seconds between measurements."),
};

type RayServeKnobs = PoolKnobs<typeof shape>;

/**
 * Ray Serve's default autoscaling policy with the defaults of its AutoscalingConfig. Its control loop runs ten times a
 * second on measurements that come every `metrics_interval_s`: something can come of it only in the rounds after one came, a
 * delay passed, or the replicas changed.
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
  private readonly metricsIntervalSeconds: number;
  private nextMeasurementSeconds: number;
  /** Mean ongoing requests of the last measurement. */
  private measured = 0;
  private readonly startupSeconds: number;
  /** When replicas that were asked for will have become running ones. */
  private startedSeconds: readonly number[] = [];

  constructor(knobs: RayServeKnobs, pool: PolicyPool, limits: ReplicaLimits) {
    const { least, most } = replicaRange(knobs, pool, limits);
    this.settings = {
      targetOngoingRequests: knobs.target_ongoing_requests,
      upscalingFactor: knobs.upscaling_factor,
      downscalingFactor: knobs.downscaling_factor,
      upscaleDelaySeconds: knobs.upscale_delay_s,
      downscaleDelaySeconds: knobs.downscale_delay_s,
      downscaleToZeroDelaySeconds: knobs.downscale_to_zero_delay_s ?? knobs.downscale_delay_s,
      minReplicas: least,
      maxReplicas: most,
    };
    this.startupSeconds = pool.startupSeconds;
    this.metricsIntervalSeconds = knobs.metrics_interval_s;
    this.nextMeasurementSeconds = knobs.metrics_interval_s;
    this.ongoing = new SlidingMean(knobs.look_back_period_s);
    this.delays = new ScalingDelays(this.settings);
  }

  decide(pool: PoolObservation, { nowSeconds, traffic }: Observation): PoolDecision {
    this.measure(pool, traffic.durationSeconds, nowSeconds);
    const ongoing = this.measured;
    const running = pool.activeIds.length;
    const target = currentReplicas(pool);
    const record = { ongoing_requests: ongoing };
    if (running === 0) {
      const woken = ongoing > 0 ? Math.max(Math.ceil(this.settings.upscalingFactor), target) : target;
      const reason = `${ongoing.toFixed(1)} ongoing requests and no running replica.`;
      return { replicas: woken, reason, record, againSeconds: this.nextRoundSeconds(nowSeconds, woken - target, null) };
    }
    const desired = desiredReplicas(ongoing, running, this.settings);
    const { replicas, dueSeconds } = this.delays.decide(desired, target, nowSeconds);
    const mean = `On average ${(ongoing / running).toFixed(1)} ongoing requests a replica, target ${this.settings.targetOngoingRequests}`;
    const waiting = dueSeconds === null ? "" : `, if that still holds at ${dueSeconds.toFixed(0)} s`;
    return {
      replicas,
      reason: `${mean}: ${replicaWords(desired)}${waiting}.`,
      record: { ...record, wanted_replicas: desired },
      againSeconds: this.nextRoundSeconds(nowSeconds, replicas - target, dueSeconds),
    };
  }

  /** The next round of the control loop in which something can come of it. */
  private nextRoundSeconds(nowSeconds: number, change: number, dueSeconds: number | null): number {
    const nextRound = nowSeconds + controlLoopSeconds;
    this.startedSeconds = this.startedSeconds.filter((at) => at > nowSeconds + sameMoment);
    if (change > 0) this.startedSeconds = [...this.startedSeconds, nextRound + this.startupSeconds];
    return Math.min(
      this.nextMeasurementSeconds,
      dueSeconds ?? Infinity,
      change === 0 ? Infinity : nextRound,
      ...this.startedSeconds,
    );
  }

  /** Requests of replicas that are stopping do not count. */
  private measure(pool: PoolObservation, seconds: number, nowSeconds: number): void {
    const stopping = pool.workers.reduce((sum, one) => sum + (one.state === "draining" ? one.inFlight : 0), 0);
    this.ongoing.add(nowSeconds, seconds, Math.max(0, pool.meanInFlight - stopping));
    if (nowSeconds < this.nextMeasurementSeconds - sameMoment) return;
    this.nextMeasurementSeconds = nowSeconds + this.metricsIntervalSeconds;
    this.measured = this.ongoing.mean ?? 0;
  }
}
