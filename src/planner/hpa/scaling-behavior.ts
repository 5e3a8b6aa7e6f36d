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

/** What became of a recommendation. */
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

/** `--horizontal-pod-autoscaler-downscale-stabilization` of Kubernetes' controller manager. */
const downscaleStabilizationSeconds = 300;

/**
 * What keeps a HorizontalPodAutoscaler from following every recommendation at once (`normalizeDesiredReplicas` and
 * `normalizeDesiredReplicasWithBehaviors` of Kubernetes' pkg/controller/podautoscaler/horizontal.go).
 *
 * With a behaviour, scaling down uses the greatest recommendation of its window, scaling up the least; then the rate
 * policies limit the change against the replicas there were at the start of each policy's period. Without one, the
 * greatest recommendation of 300 s counts, even one above the replicas there are, and a step up goes to twice of them, or
 * to four.
 *
 * A recommendation or change as old as a window is out of it: a sync takes its time, so those of a whole number of syncs
 * ago are a little older than that.
 */
export class StabilizedScaling {
  private readonly behavior: ScalingBehavior | null;
  private recommendations: Recommendation[] = [];
  private changes: ScaleChange[] = [];

  constructor(behavior: ScalingBehavior | null) {
    this.behavior = behavior;
  }

  /** Takes the replicas found at the first sync for the first recommendation; later calls do nothing. */
  begin(currentReplicas: number, nowSeconds: number): void {
    if (this.recommendations.length === 0) this.recommend(currentReplicas, nowSeconds);
  }

  /**
   * The replicas a recommendation leads to.
   * @param currentReplicas wanted so far
   */
  next(recommended: number, currentReplicas: number, nowSeconds: number): BehaviorOutcome {
    this.begin(currentReplicas, nowSeconds);
    const stabilized = this.stabilize(recommended, currentReplicas, nowSeconds);
    this.recommend(recommended, nowSeconds);
    const limited = this.limit(stabilized, currentReplicas, nowSeconds);
    const heldBy = limited !== stabilized ? "rate policy" : stabilized !== recommended ? "stabilization window" : null;
    return { replicas: limited, heldBy };
  }

  /** Remembers a change that was made, for the rate policies. */
  changed(from: number, to: number, nowSeconds: number): void {
    if (this.behavior === null) return;
    if (to !== from) this.changes.push({ atSeconds: nowSeconds, change: to - from });
    const { scaleUp, scaleDown } = this.behavior;
    const longest = Math.max(0, ...[...scaleUp.policies, ...scaleDown.policies].map((one) => one.periodSeconds));
    this.changes = this.changes.filter(({ atSeconds }) => atSeconds > nowSeconds - longest);
  }

  private stabilize(recommended: number, current: number, nowSeconds: number): number {
    const within = (seconds: number): number[] =>
      this.recommendations.filter(({ atSeconds }) => atSeconds > nowSeconds - seconds).map(({ replicas }) => replicas);
    if (this.behavior === null) return Math.max(recommended, ...within(downscaleStabilizationSeconds));
    const { scaleUp, scaleDown } = this.behavior;
    const least = Math.min(recommended, ...within(scaleUp.stabilizationWindowSeconds));
    const greatest = Math.max(recommended, ...within(scaleDown.stabilizationWindowSeconds));
    if (current < least) return least;
    return current > greatest ? greatest : current;
  }

  private recommend(replicas: number, nowSeconds: number): void {
    const longest =
      this.behavior === null
        ? downscaleStabilizationSeconds
        : Math.max(
            this.behavior.scaleUp.stabilizationWindowSeconds,
            this.behavior.scaleDown.stabilizationWindowSeconds,
          );
    this.recommendations = this.recommendations.filter(({ atSeconds }) => atSeconds > nowSeconds - longest);
    this.recommendations.push({ atSeconds: nowSeconds, replicas });
  }

  private limit(wanted: number, current: number, nowSeconds: number): number {
    if (wanted > current) return Math.min(wanted, Math.max(current, this.mostUp(current, nowSeconds)));
    if (wanted < current) return Math.max(wanted, Math.min(current, this.leastDown(current, nowSeconds)));
    return wanted;
  }

  private mostUp(current: number, nowSeconds: number): number {
    if (this.behavior === null) return Math.max(2 * current, 4);
    const { policies, selectPolicy } = this.behavior.scaleUp;
    if (selectPolicy === "Disabled") return current;
    const limits = policies.map(({ type, value, periodSeconds }) => {
      const before = current - this.changeWithin(periodSeconds, nowSeconds);
      return type === "Pods" ? before + value : Math.ceil(before * (1 + value / 100));
    });
    return selectPolicy === "Max" ? Math.max(...limits) : Math.min(...limits);
  }

  private leastDown(current: number, nowSeconds: number): number {
    if (this.behavior === null) return 0;
    const { policies, selectPolicy } = this.behavior.scaleDown;
    if (selectPolicy === "Disabled") return current;
    const limits = policies.map(({ type, value, periodSeconds }) => {
      const before = current - this.changeWithin(periodSeconds, nowSeconds);
      return type === "Pods" ? before - value : Math.trunc(before * (1 - value / 100));
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
