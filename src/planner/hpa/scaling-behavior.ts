/** How fast a direction may go: at most `value` pods, or percent of the pods there were, in `periodSeconds`. */
export interface ScalingPolicy {
  readonly type: "Pods" | "Percent";
  readonly value: number;
  readonly periodSeconds: number;
}

/** How fast a fleet may change in one direction: `scaleUp` or `scaleDown` of `spec.behavior`. */
export interface ScalingRules {
  readonly stabilizationWindowSeconds: number;
  /** Of several policies: the greatest change, the least, or none at all. */
  readonly selectPolicy: "Max" | "Min" | "Disabled";
  readonly policies: readonly ScalingPolicy[];
}

/** `spec.behavior` of a HorizontalPodAutoscaler. */
export interface ScalingBehavior {
  readonly scaleUp: ScalingRules;
  readonly scaleDown: ScalingRules;
}

/** What behaviour made of a recommendation. */
export interface BehaviorOutcome {
  readonly replicas: number;
  /** What held it back; null = nothing did. */
  readonly heldBy: "stabilization window" | "rate policy" | null;
}

interface Recommendation {
  readonly atSeconds: number;
  readonly replicas: number;
}

interface ScaleChange {
  readonly atSeconds: number;
  readonly change: number;
}

/**
 * Stabilisation windows and rate policies of a HorizontalPodAutoscaler (Kubernetes documentation, "Configurable
 * scaling behavior"). Scaling down uses the greatest recommendation of its window, scaling up the least; then the rate
 * policies limit the change against the replicas there were at the start of each policy's period.
 */
export class StabilizedScaling {
  private readonly behavior: ScalingBehavior;
  private recommendations: Recommendation[] = [];
  private changes: ScaleChange[] = [];

  constructor(behavior: ScalingBehavior) {
    this.behavior = behavior;
  }

  /**
   * The replicas a recommendation leads to. The replicas at the first call count as the first recommendation.
   * @param currentReplicas wanted so far
   */
  next(recommended: number, currentReplicas: number, nowSeconds: number): BehaviorOutcome {
    if (this.recommendations.length === 0) {
      this.recommendations.push({ atSeconds: nowSeconds, replicas: currentReplicas });
    }
    const stabilized = this.stabilize(recommended, currentReplicas, nowSeconds);
    const limited = this.limit(stabilized, currentReplicas, nowSeconds);
    const heldBy = limited !== stabilized ? "rate policy" : stabilized !== recommended ? "stabilization window" : null;
    return { replicas: limited, heldBy };
  }

  /** Remembers a change that was made, for the rate policies. */
  changed(from: number, to: number, nowSeconds: number): void {
    if (to !== from) this.changes.push({ atSeconds: nowSeconds, change: to - from });
    const { scaleUp, scaleDown } = this.behavior;
    const longest = Math.max(0, ...[...scaleUp.policies, ...scaleDown.policies].map((one) => one.periodSeconds));
    this.changes = this.changes.filter(({ atSeconds }) => atSeconds > nowSeconds - longest);
  }

  private stabilize(recommended: number, current: number, nowSeconds: number): number {
    const { scaleUp, scaleDown } = this.behavior;
    const within = (seconds: number): number[] =>
      this.recommendations.filter(({ atSeconds }) => atSeconds > nowSeconds - seconds).map(({ replicas }) => replicas);
    const least = Math.min(recommended, ...within(scaleUp.stabilizationWindowSeconds));
    const greatest = Math.max(recommended, ...within(scaleDown.stabilizationWindowSeconds));
    this.recommendations.push({ atSeconds: nowSeconds, replicas: recommended });
    const longest = Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds);
    this.recommendations = this.recommendations.filter(
      ({ atSeconds }, i, all) => atSeconds > nowSeconds - longest || i === all.length - 1,
    );
    if (current < least) return least;
    return current > greatest ? greatest : current;
  }

  private limit(wanted: number, current: number, nowSeconds: number): number {
    if (wanted > current) return Math.min(wanted, Math.max(current, this.mostUp(current, nowSeconds)));
    if (wanted < current) return Math.max(wanted, Math.min(current, this.leastDown(current, nowSeconds)));
    return wanted;
  }

  private mostUp(current: number, nowSeconds: number): number {
    const { policies, selectPolicy } = this.behavior.scaleUp;
    if (selectPolicy === "Disabled" || policies.length === 0) return current;
    const limits = policies.map(({ type, value, periodSeconds }) => {
      const before = current - this.changeWithin(periodSeconds, nowSeconds);
      return type === "Pods" ? before + value : Math.ceil(before * (1 + value / 100));
    });
    return selectPolicy === "Max" ? Math.max(...limits) : Math.min(...limits);
  }

  private leastDown(current: number, nowSeconds: number): number {
    const { policies, selectPolicy } = this.behavior.scaleDown;
    if (selectPolicy === "Disabled" || policies.length === 0) return current;
    const limits = policies.map(({ type, value, periodSeconds }) => {
      const before = current - this.changeWithin(periodSeconds, nowSeconds);
      // A tiny slack: 80 less 10 % is 72, not 71.999….
      return type === "Pods" ? before - value : Math.floor(before * (1 - value / 100) + 1e-9);
    });
    return selectPolicy === "Max" ? Math.min(...limits) : Math.max(...limits);
  }

  /** Net change of replicas in the last `seconds`. */
  private changeWithin(seconds: number, nowSeconds: number): number {
    return this.changes.reduce(
      (sum, { atSeconds, change }) => sum + (atSeconds > nowSeconds - seconds ? change : 0),
      0,
    );
  }
}
