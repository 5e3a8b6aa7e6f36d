/** Settings of a Knative autoscaler, names as in config-autoscaler. */
export interface KpaSettings {
  /** Wanted value of a replica, the utilisation applied; and without it, what a replica can take. */
  readonly targetValue: number;
  readonly totalValue: number;
  readonly stableWindowSeconds: number;
  /** Times the ready replicas a panic begins at. */
  readonly panicThreshold: number;
  readonly maxScaleUpRate: number;
  readonly maxScaleDownRate: number;
  readonly scaleDownDelaySeconds: number;
  readonly activationScale: number;
  /** Load beyond what is there that is to be had at once; -1 = any. */
  readonly targetBurstCapacity: number;
}

/** What the decider made of the two windows' means. */
export interface KpaDecision {
  readonly replicas: number;
  readonly panicking: boolean;
  readonly stableReplicas: number;
  readonly panicReplicas: number;
  /** What the ready replicas can take beyond load and burst capacity; below 0 requests go through the activator. */
  readonly excessBurstCapacity: number;
}

/**
 * Replicas of the Knative Pod Autoscaler (`Scale` of Knative Serving's pkg/autoscaler/scaling/autoscaler.go): mean over the
 * stable window ÷ target, within the scale-up and scale-down rates of the ready replicas, and at least `activationScale`
 * where there is load. When the short window alone asks for `panicThreshold` times what is ready, it panics: takes the
 * greater of both and never goes down, until that has not happened for a stable window.
 */
export class KpaDecider {
  private readonly settings: KpaSettings;
  private panicSinceSeconds: number | null;
  private mostPanicReplicas: number;
  private delayed: { atSeconds: number; replicas: number }[] = [];

  /** @param readyReplicas more than one at the start begin in panic, so that nothing is lost before there is data */
  constructor(settings: KpaSettings, readyReplicas: number) {
    this.settings = settings;
    this.panicSinceSeconds = readyReplicas > 1 ? 0 : null;
    this.mostPanicReplicas = readyReplicas;
  }

  decide(stableValue: number, panicValue: number, readyReplicas: number, nowSeconds: number): KpaDecision {
    const { settings } = this;
    const ready = Math.max(1, readyReplicas);
    const wantedStable = Math.ceil(stableValue / settings.targetValue);
    const wantedPanic = Math.ceil(panicValue / settings.targetValue);
    this.updatePanic(wantedPanic / ready >= settings.panicThreshold, nowSeconds);
    let replicas = this.bounded(wantedStable, ready);
    if (this.panicSinceSeconds !== null) {
      this.mostPanicReplicas = Math.max(this.mostPanicReplicas, replicas, this.bounded(wantedPanic, ready));
      replicas = this.mostPanicReplicas;
    }
    return {
      replicas: this.delay(replicas, nowSeconds),
      panicking: this.panicSinceSeconds !== null,
      stableReplicas: wantedStable,
      panicReplicas: wantedPanic,
      excessBurstCapacity: this.excessBurstCapacity(readyReplicas, panicValue),
    };
  }

  private bounded(wanted: number, ready: number): number {
    const { maxScaleUpRate, maxScaleDownRate, activationScale } = this.settings;
    const most = Math.ceil(maxScaleUpRate * ready);
    const bounded = Math.min(Math.max(wanted, Math.floor(ready / maxScaleDownRate)), most);
    return wanted > 0 ? Math.max(bounded, activationScale) : bounded;
  }

  private updatePanic(overThreshold: boolean, nowSeconds: number): void {
    if (overThreshold) this.panicSinceSeconds = nowSeconds;
    else if (
      this.panicSinceSeconds !== null &&
      nowSeconds > this.panicSinceSeconds + this.settings.stableWindowSeconds
    ) {
      this.panicSinceSeconds = null;
      this.mostPanicReplicas = 0;
    }
  }

  /** The greatest of the last `scaleDownDelaySeconds`. */
  private delay(replicas: number, nowSeconds: number): number {
    const { scaleDownDelaySeconds } = this.settings;
    if (scaleDownDelaySeconds <= 0) return replicas;
    this.delayed.push({ atSeconds: nowSeconds, replicas });
    this.delayed = this.delayed.filter(({ atSeconds }) => atSeconds > nowSeconds - scaleDownDelaySeconds);
    return Math.max(...this.delayed.map((one) => one.replicas));
  }

  private excessBurstCapacity(readyReplicas: number, panicValue: number): number {
    const { targetBurstCapacity, totalValue } = this.settings;
    if (targetBurstCapacity <= 0) return targetBurstCapacity;
    return Math.floor(readyReplicas * totalValue - targetBurstCapacity - panicValue);
  }
}
