/** When a pool may lose its last replica; names as in config-autoscaler. */
export interface ScaleToZeroSettings {
  readonly enabled: boolean;
  readonly stableWindowSeconds: number;
  readonly gracePeriodSeconds: number;
  readonly podRetentionPeriodSeconds: number;
}

/** A pool as its scaler finds it. */
export interface ScaledPool {
  readonly readyReplicas: number;
  /** Ready and starting. */
  readonly currentReplicas: number;
  /** Of the decider: below 0 requests go through the activator. */
  readonly excessBurstCapacity: number;
}

type Phase = "active" | "activating" | "inactive";

/** What comes of there being no load: replicas, and whether the pool is wanted; null = not known yet. */
interface Quiet {
  readonly replicas: number;
  readonly isWanted: boolean | null;
}

/**
 * How Knative takes the last replica away (`handleScaleToZero` of Knative Serving's pkg/reconciler/autoscaling/kpa/scaler.go):
 * the pool must have been active for a stable window, is then marked inactive, and keeps its replicas for the retention
 * period and until the activator has stood before it for the grace period (or it has been inactive for that long). A pool
 * whose first replica is still starting keeps it.
 */
export class ScaleToZero {
  private readonly settings: ScaleToZeroSettings;
  private phase: Phase;
  private phaseSinceSeconds = 0;
  private proxiedSinceSeconds: number | null = null;

  /** @param replicas at the start */
  constructor(settings: ScaleToZeroSettings, replicas: number) {
    this.settings = settings;
    this.phase = replicas > 0 ? "active" : "inactive";
  }

  /** The replicas that a wanted number comes to. */
  next(wanted: number, pool: ScaledPool, nowSeconds: number): number {
    const { replicas, isWanted } =
      wanted > 0 ? { replicas: wanted, isWanted: true } : this.withoutLoad(pool, nowSeconds);
    const isProxied = isWanted === false || pool.excessBurstCapacity < 0;
    this.proxiedSinceSeconds = isProxied ? (this.proxiedSinceSeconds ?? nowSeconds) : null;
    if (isWanted === false) this.enter("inactive", nowSeconds);
    else if (isWanted || this.phase !== "inactive")
      this.enter(pool.readyReplicas > 0 ? "active" : "activating", nowSeconds);
    return replicas;
  }

  private withoutLoad({ currentReplicas }: ScaledPool, nowSeconds: number): Quiet {
    const { enabled, stableWindowSeconds } = this.settings;
    if (!enabled) return { replicas: 1, isWanted: true };
    if (this.phase === "activating") return { replicas: currentReplicas, isWanted: null };
    if (this.phase === "inactive") return { replicas: this.mayGo(nowSeconds) ? 0 : currentReplicas, isWanted: false };
    return nowSeconds - this.phaseSinceSeconds >= stableWindowSeconds
      ? { replicas: currentReplicas, isWanted: false }
      : { replicas: 1, isWanted: true };
  }

  private mayGo(nowSeconds: number): boolean {
    const { gracePeriodSeconds, podRetentionPeriodSeconds } = this.settings;
    const inactiveSeconds = nowSeconds - this.phaseSinceSeconds;
    if (inactiveSeconds >= Math.max(gracePeriodSeconds, podRetentionPeriodSeconds)) return true;
    if (inactiveSeconds < podRetentionPeriodSeconds) return false;
    return this.proxiedSinceSeconds !== null && nowSeconds - this.proxiedSinceSeconds >= gracePeriodSeconds;
  }

  private enter(phase: Phase, nowSeconds: number): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.phaseSinceSeconds = nowSeconds;
  }
}
