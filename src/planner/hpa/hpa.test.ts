import { describe, expect, it } from "vitest";
import { frontEnd, gauges, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import { disaggregatedContext, policyContext } from "../../../test/policy-fixtures.ts";
import type { Planner } from "../planner.ts";
import { behaviorOf } from "./behavior-knobs.ts";
import { hpaPolicy } from "./hpa-policy.ts";
import { replicasForPods, replicasForTotal } from "./replica-calculator.ts";
import { StabilizedScaling } from "./scaling-behavior.ts";

const tolerances = { scaleDown: 0.1, scaleUp: 0.1 };

describe("the formula: ceil(current × value / target)", () => {
  it("doubles at 200m of 100m and halves at 50m", () => {
    expect(replicasForPods({ values: [0.2, 0.2, 0.2], missing: 0, target: 0.1 }, tolerances)).toBe(6);
    expect(replicasForPods({ values: [0.05, 0.05, 0.05, 0.05], missing: 0, target: 0.1 }, tolerances)).toBe(2);
  });

  it("takes the mean over the pods and rounds up", () => {
    expect(replicasForPods({ values: [0, 30, 0], missing: 0, target: 8 }, tolerances)).toBe(4);
  });

  it("skips a ratio within the tolerance of 0.1", () => {
    expect(replicasForPods({ values: [109, 109], missing: 0, target: 100 }, tolerances)).toBe(2);
    expect(replicasForPods({ values: [111, 111], missing: 0, target: 100 }, tolerances)).toBe(3);
    expect(replicasForPods({ values: [91, 91], missing: 0, target: 100 }, tolerances)).toBe(2);
  });

  it("takes pods without metrics for idle when scaling up, for right on target when scaling down", () => {
    // 2 ready at 200 % of the target, 2 starting: 4 pods at 100 % → nothing to do.
    expect(replicasForPods({ values: [200, 200], missing: 2, target: 100 }, tolerances)).toBe(4);
    // 2 ready at 400 %, 2 starting: 4 pods at 200 %.
    expect(replicasForPods({ values: [400, 400], missing: 2, target: 100 }, tolerances)).toBe(8);
    // 2 ready at 10 %, 2 starting as if at 100 %: 55 % of 4.
    expect(replicasForPods({ values: [10, 10], missing: 2, target: 100 }, tolerances)).toBe(3);
  });

  it("leaves them out where the others are right on target", () => {
    expect(replicasForPods({ values: [100, 100], missing: 2, target: 100 }, tolerances)).toBe(4);
  });

  it("has a tolerance of its own for each direction, whose ends are within", () => {
    const uneven = { scaleDown: 0.5, scaleUp: 0.1 };
    expect(replicasForPods({ values: [110, 110], missing: 0, target: 100 }, uneven)).toBe(2);
    expect(replicasForPods({ values: [50, 50, 50], missing: 0, target: 100 }, uneven)).toBe(3);
    expect(replicasForPods({ values: [49, 49, 49], missing: 0, target: 100 }, uneven)).toBe(2);
  });

  it("reckons in whole thousandths", () => {
    // 0.8809 and 0.8801 of 0.8 are 880 and 880 of 800, a mean of 1.1: within the tolerance.
    expect(replicasForPods({ values: [0.8809, 0.8801], missing: 0, target: 0.8 }, tolerances)).toBe(2);
    expect(replicasForPods({ values: [0.8819, 0.8811], missing: 0, target: 0.8 }, tolerances)).toBe(3);
  });

  it("does nothing when that turns the ratio around", () => {
    expect(replicasForPods({ values: [120], missing: 3, target: 100 }, tolerances)).toBe(4);
  });

  it("knows nothing without a ready pod", () => {
    expect(replicasForPods({ values: [], missing: 1, target: 100 }, tolerances)).toBeNull();
  });

  it("divides an external total by its target average value", () => {
    expect(replicasForTotal(50, 10, 2, tolerances)).toBe(5);
    expect(replicasForTotal(21, 10, 2, tolerances)).toBe(2);
    expect(replicasForTotal(0, 10, 3, tolerances)).toBe(0);
  });
});

/** Replicas over time when always asked for the same. */
function steps(scaling: StabilizedScaling, from: number, wanted: number, times: readonly number[]): number[] {
  let current = from;
  return times.map((now) => {
    const { replicas } = scaling.next(wanted, current, now);
    scaling.changed(current, replicas, now);
    current = replicas;
    return current;
  });
}

describe("behaviour, as the Kubernetes documentation explains it", () => {
  const down = (policies: object[], rest: object = {}) =>
    new StabilizedScaling(
      behaviorOf({ scale_down: { stabilization_window_seconds: 0, policies: policies as never, ...rest } }),
    );

  it("takes 10 % a minute of 80, rounded up: 8 first, then 8 of 72, and 4 a minute below 40", () => {
    const scaling = down([
      { type: "Pods", value: 4, period_seconds: 60 },
      { type: "Percent", value: 10, period_seconds: 60 },
    ]);
    expect(steps(scaling, 80, 10, [60, 120])).toEqual([72, 64]);
    const few = down([
      { type: "Pods", value: 4, period_seconds: 60 },
      { type: "Percent", value: 10, period_seconds: 60 },
    ]);
    expect(steps(few, 30, 10, [60, 75, 90, 120])).toEqual([26, 26, 26, 22]);
  });

  it("never turns a change around that others have made more of than its rate", () => {
    const policies = [{ type: "Pods" as const, value: 2, period_seconds: 60 }];
    const scaling = new StabilizedScaling(behaviorOf({ scale_up: { policies }, scale_down: { policies } }));
    scaling.changed(1, 10, 30);
    expect(scaling.next(20, 10, 45)).toEqual({ replicas: 10, heldBy: "rate policy" });
    expect(scaling.next(20, 10, 90).replicas).toBe(12);
  });

  it("selects the policy of the least change with Min, and nothing with Disabled", () => {
    const policies = [
      { type: "Percent", value: 10, period_seconds: 60 },
      { type: "Pods", value: 5, period_seconds: 60 },
    ];
    expect(steps(down(policies, { select_policy: "Min" }), 80, 10, [60])).toEqual([75]);
    expect(steps(down(policies, { select_policy: "Disabled" }), 80, 10, [60, 600])).toEqual([80, 80]);
  });

  it("adds at most 4 pods or 100 % every 15 s by default", () => {
    expect(steps(new StabilizedScaling(behaviorOf({})), 1, 40, [15, 30, 45, 60])).toEqual([5, 10, 20, 40]);
    expect(steps(new StabilizedScaling(behaviorOf({})), 3, 40, [15, 20, 25, 30])).toEqual([7, 7, 7, 14]);
  });

  it.each([{}, null])(
    "scales down to the greatest recommendation of the last 300 s by default (%o), then at once",
    (given) => {
      const scaling = new StabilizedScaling(behaviorOf(given));
      expect(scaling.next(5, 5, 0).replicas).toBe(5);
      expect(scaling.next(3, 5, 60)).toEqual({ replicas: 5, heldBy: "stabilization window" });
      expect(scaling.next(1, 5, 120).replicas).toBe(5);
      expect(scaling.next(1, 5, 299).replicas).toBe(5);
      expect(scaling.next(1, 5, 300).replicas).toBe(3);
      expect(scaling.next(1, 3, 361).replicas).toBe(1);
    },
  );

  it("goes to twice the pods or to four at every sync where no behaviour is given", () => {
    expect(steps(new StabilizedScaling(behaviorOf(null)), 1, 40, [15, 30, 45, 60])).toEqual([4, 8, 16, 32]);
    expect(steps(new StabilizedScaling(behaviorOf(null)), 3, 40, [15, 20])).toEqual([6, 12]);
  });

  it("goes up to a greater recommendation of before only where no behaviour is given", () => {
    // 9 were asked for when there were 5 at most, and 6 now.
    const after = (given: {} | null) => {
      const scaling = new StabilizedScaling(behaviorOf(given));
      scaling.next(9, 5, 15);
      return scaling.next(6, 5, 30).replicas;
    };
    expect([after(null), after({})]).toEqual([9, 6]);
  });

  it("holds scaling up until the whole window asks for it", () => {
    const scaling = new StabilizedScaling(behaviorOf({ scale_up: { stabilization_window_seconds: 60 } }));
    expect(scaling.next(4, 2, 15).replicas).toBe(2);
    expect(scaling.next(6, 2, 45).replicas).toBe(2);
    expect(scaling.next(6, 2, 75).replicas).toBe(6);
  });
});

describe("the policy", () => {
  const at = (policy: Planner, now: number, workers: { waiting?: number; kv?: number }[], starting = 0) =>
    policy.onTick(
      observation(
        now,
        {
          agg: pool(
            workers.map(() => ({})),
            {
              startingIds: Array.from({ length: starting }, (_, i) => 100 + i),
              workers: workers.map(({ waiting = 0, kv = 0 }, id) => gauges(id, { waiting, kvUtilisation: kv })),
            },
          ),
        },
        quietWindow(15),
        frontEnd(),
      ),
    );

  it("syncs every 15 s and takes the metric that asks for most", () => {
    const policy = hpaPolicy.create({}, policyContext());
    expect(policy.firstTickSeconds()).toBe(15);
    const { replicas, reason, nextTickSeconds } = at(policy, 15, [
      { waiting: 8, kv: 0.4 },
      { waiting: 8, kv: 0.4 },
    ]);
    expect(replicas).toEqual({ agg: 4 });
    expect(reason).toBe(
      "Mean waiting requests 8 of 4, share of the key-value cache in use 0.400 of 0.800 a replica: 2 replicas should be 4.",
    );
    expect(nextTickSeconds).toBe(30);
    expect(at(policy, 30, [{ kv: 1 }, { kv: 1 }, { kv: 1 }, { kv: 1 }]).replicas).toEqual({ agg: 5 });
  });

  it("keeps its replicas while none reports", () => {
    const policy = hpaPolicy.create({}, policyContext());
    expect(at(policy, 15, [], 2).replicas).toEqual({ agg: 2 });
  });

  it("leaves no trace of a sync that came to nothing", () => {
    const policy = hpaPolicy.create({ min_replicas: 1 }, policyContext({ replicas: 4 }));
    at(policy, 15, [{}, {}, {}, {}]);
    at(policy, 300, [], 4);
    // Of the last 300 s there is only what is asked for now: the four found at first are out of the window.
    expect(at(policy, 315, [{}, {}, {}, {}]).replicas).toEqual({ agg: 1 });
  });

  it("goes into its bounds first, whatever its metrics say", () => {
    const policy = hpaPolicy.create({ min_replicas: 2, max_replicas: 4 }, policyContext());
    expect(at(policy, 15, [{ waiting: 40 }]).replicas).toEqual({ agg: 2 });
    expect(
      at(
        policy,
        30,
        Array.from({ length: 6 }, () => ({})),
      ).replicas,
    ).toEqual({ agg: 4 });
  });

  it("refuses no replicas at all without an external metric", () => {
    const found: string[] = [];
    const check = (knobs: object) =>
      hpaPolicy.check(knobs as never, policyContext(), (key, message) => found.push(`${key}: ${message}`));
    check({ min_replicas: 0 });
    check({ min_replicas: 0, metrics: [{ name: "queue", target: 4, type: "External" }] });
    expect(found).toEqual([
      "min_replicas: found 0, expected at least 1: only with an External metric can a HorizontalPodAutoscaler scale to zero",
    ]);
  });

  it("has a HorizontalPodAutoscaler for each pool of a disaggregated run", () => {
    const metrics = [{ name: "kv_utilisation", target: 0.5 }];
    const policy = hpaPolicy.create({ decode: { metrics } }, disaggregatedContext());
    const one = (waiting: number, kvUtilisation: number) =>
      pool([{}], { workers: [gauges(0, { waiting, kvUtilisation })] });
    const { replicas, reason } = policy.onTick(observation(15, { prefill: one(12, 0), decode: one(0, 1) }));
    expect(replicas).toEqual({ prefill: 3, decode: 2 });
    expect(reason).toContain("Prefill: Mean waiting requests 12 of 4");
    expect(reason).toContain(
      "Decode: Mean share of the key-value cache in use 1 of 0.500 a replica: 1 replica should be 2.",
    );
  });
});
