import { sameMoment } from "../pool-by-pool.ts";

/** Settings of Ray Serve's autoscaler, names as in AutoscalingConfig. */
export interface RayServeSettings {
  readonly targetOngoingRequests: number;
  readonly upscalingFactor: number;
  readonly downscalingFactor: number;
  readonly upscaleDelaySeconds: number;
  readonly downscaleDelaySeconds: number;
  /** For the step from one replica to none. */
  readonly downscaleToZeroDelaySeconds: number;
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/**
 * Replicas Ray Serve's default policy asks for before delays (`_core_replica_queue_length_policy` and
 * `_apply_scaling_factors` of Ray's python/ray/serve/autoscaling_policy.py): ongoing requests ÷ target, of which the running
 * replicas make the upscaling or downscaling factor's share of the way, rounded up. A factor too small to move anything
 * still takes one replica away where the whole way would.
 */
export function desiredReplicas(ongoing: number, running: number, settings: RayServeSettings): number {
  // In Ray's order: in another, floating point rounds otherwise.
  const wanted = running * (ongoing / (settings.targetOngoingRequests * running));
  const distance = wanted - running;
  const factor = distance > 0 ? settings.upscalingFactor : settings.downscalingFactor;
  let desired = Math.ceil(running + factor * distance);
  if (Math.ceil(wanted) < running && desired === running) desired--;
  return Math.max(settings.minReplicas, Math.min(settings.maxReplicas, desired));
}

/** Ray's control loop runs so often; delays are counted in its rounds (`RAY_SERVE_CONTROL_LOOP_INTERVAL_S`). */
export const controlLoopSeconds = 0.1;

/** What the delays made of a desired number. */
export interface DelayedDecision {
  readonly replicas: number;
  /** Simulated seconds at which the change would be made if it stays wanted; null = none is waiting. */
  readonly dueSeconds: number | null;
}

/**
 * The delays (`_apply_delay_logic`): a change of a direction is made only when it was wanted, without interruption, for
 * `upscale_delay_s` or `downscale_delay_s`. No replicas are only reached from one, after a delay of their own.
 */
export class ScalingDelays {
  private readonly settings: RayServeSettings;
  private direction: "up" | "down" | null = null;
  private sinceSeconds = 0;

  constructor(settings: RayServeSettings) {
    this.settings = settings;
  }

  /** @param target replicas wanted so far */
  decide(desired: number, target: number, nowSeconds: number): DelayedDecision {
    const direction = desired > target ? "up" : desired < target ? "down" : null;
    if (direction !== this.direction) {
      this.direction = direction;
      this.sinceSeconds = nowSeconds;
    }
    if (direction === null) return { replicas: target, dueSeconds: null };
    const { settings } = this;
    const toZero = target === 1 && desired === 0;
    const delay =
      direction === "up"
        ? settings.upscaleDelaySeconds
        : toZero
          ? settings.downscaleToZeroDelaySeconds
          : settings.downscaleDelaySeconds;
    const dueSeconds = this.sinceSeconds + Math.trunc(delay / controlLoopSeconds) * controlLoopSeconds;
    if (nowSeconds < dueSeconds - sameMoment) return { replicas: target, dueSeconds };
    this.direction = null;
    return { replicas: toZero || direction === "up" ? desired : Math.max(1, desired), dueSeconds: null };
  }
}
