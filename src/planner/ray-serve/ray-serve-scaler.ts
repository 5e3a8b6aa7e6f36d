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
 * Replicas Ray Serve's default policy asks for before delays (Ray documentation, "Advanced Ray Serve Autoscaling"): the
 * running ones times the ratio of ongoing requests to the target, whose distance from 1 is multiplied by the upscaling or
 * downscaling factor. A factor too small to move anything still takes one replica away where the plain ratio would.
 */
export function desiredReplicas(ongoing: number, running: number, settings: RayServeSettings): number {
  const ratio = ongoing / (settings.targetOngoingRequests * running);
  const factor = ratio >= 1 ? settings.upscalingFactor : settings.downscalingFactor;
  let desired = Math.ceil(running * (1 + (ratio - 1) * factor) - 1e-9);
  if (Math.ceil(running * ratio - 1e-9) < running && desired === running) desired--;
  return Math.max(settings.minReplicas, Math.min(settings.maxReplicas, desired));
}

/** What the delays made of a desired number. */
export interface DelayedDecision {
  readonly replicas: number;
  /** Simulated seconds at which the change would be made if it stays wanted; null = none is waiting. */
  readonly dueSeconds: number | null;
}

/**
 * The delays: a change of a direction is made only when it was wanted, without interruption, for `upscale_delay_s` or
 * `downscale_delay_s`. No replicas are only reached from one, after a delay of their own.
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
    const dueSeconds = this.sinceSeconds + delay;
    if (nowSeconds < dueSeconds - 1e-9) return { replicas: target, dueSeconds };
    this.direction = null;
    return { replicas: toZero || direction === "up" ? desired : Math.max(1, desired), dueSeconds: null };
  }
}
