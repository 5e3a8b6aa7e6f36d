import { describe, expect, it } from "vitest";
import { observation, pool, quietWindow, tickInFlight } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import type { Planner } from "../planner.ts";
import { SlidingMean } from "../sliding-mean.ts";
import { KpaDecider } from "./kpa-decider.ts";
import { kpaPolicy } from "./kpa-policy.ts";

const settings = {
  targetValue: 10,
  totalValue: 10,
  stableWindowSeconds: 60,
  panicThreshold: 2,
  maxScaleUpRate: 1000,
  maxScaleDownRate: 2,
  scaleDownDelaySeconds: 0,
  activationScale: 1,
  targetBurstCapacity: 200,
};

describe("a mean over a window", () => {
  it("weighs stretches by their time and cuts off what is too old", () => {
    const window = new SlidingMean(60);
    expect(window.mean).toBeNull();
    window.add(40, 40, 10);
    expect(window.mean).toBe(10);
    window.add(60, 20, 40);
    expect(window.mean).toBeCloseTo((40 * 10 + 20 * 40) / 60);
    window.add(80, 20, 0);
    expect(window.mean).toBeCloseTo((20 * 10 + 20 * 40) / 60);
    window.add(200, 120, 7);
    expect(window.mean).toBe(7);
  });
});

describe("stable mode", () => {
  it("wants the mean concurrency over the target, rounded up", () => {
    const decider = new KpaDecider(settings, 1);
    expect(decider.decide(19, 19, 2, 2).replicas).toBe(2);
    expect(decider.decide(31, 19, 3, 4).replicas).toBe(4);
  });

  it("goes down at most by half, up at most by the rate but at least by one", () => {
    expect(new KpaDecider(settings, 1).decide(0, 0, 9, 2).replicas).toBe(4);
    const slow = { ...settings, maxScaleUpRate: 1.1, panicThreshold: 10 };
    expect(new KpaDecider(slow, 1).decide(30, 30, 2, 2).replicas).toBe(3);
    expect(new KpaDecider({ ...slow, maxScaleUpRate: 2 }, 1).decide(90, 90, 2, 2).replicas).toBe(4);
  });
});

describe("panic mode", () => {
  it("begins when the short window asks for twice what is ready, and follows it", () => {
    const decider = new KpaDecider(settings, 1);
    expect(decider.decide(12, 19, 2, 2)).toMatchObject({ panicking: false, replicas: 2 });
    expect(decider.decide(12, 31, 2, 4)).toMatchObject({ panicking: true, replicas: 4 });
  });

  it("never goes down, until a stable window has passed without another reason to panic", () => {
    const decider = new KpaDecider(settings, 1);
    decider.decide(12, 60, 2, 0);
    expect(decider.decide(12, 0, 6, 30)).toMatchObject({ panicking: true, replicas: 6 });
    expect(decider.decide(12, 0, 6, 60)).toMatchObject({ panicking: true, replicas: 6 });
    expect(decider.decide(12, 0, 6, 61)).toMatchObject({ panicking: false, replicas: 3 });
    expect(decider.decide(12, 0, 3, 63)).toMatchObject({ replicas: 2 });
  });

  it("begins anew with what is wanted then, not with the most of an earlier one", () => {
    const decider = new KpaDecider(settings, 1);
    expect(decider.decide(12, 200, 2, 0).replicas).toBe(20);
    expect(decider.decide(12, 0, 20, 61)).toMatchObject({ panicking: false, replicas: 10 });
    expect(decider.decide(12, 50, 2, 100)).toMatchObject({ panicking: true, replicas: 5 });
  });

  it("is extended by every burst", () => {
    const decider = new KpaDecider(settings, 1);
    decider.decide(12, 60, 2, 0);
    decider.decide(12, 120, 6, 50);
    expect(decider.decide(12, 0, 12, 100).panicking).toBe(true);
    expect(decider.decide(12, 0, 12, 111).panicking).toBe(false);
  });

  it("is where an autoscaler with more than one ready replica starts", () => {
    expect(new KpaDecider(settings, 3).decide(0, 0, 3, 2)).toMatchObject({ panicking: true, replicas: 3 });
  });
});

it("waits for a lower number to be wanted for the scale-down delay", () => {
  const decider = new KpaDecider({ ...settings, scaleDownDelaySeconds: 30 }, 1);
  expect(decider.decide(40, 20, 4, 0).replicas).toBe(4);
  expect(decider.decide(20, 20, 4, 20).replicas).toBe(4);
  expect(decider.decide(20, 20, 4, 30).replicas).toBe(2);
});

describe("the policy", () => {
  const at = (policy: Planner, now: number, meanInFlight: number, replicas: number) =>
    tickInFlight(policy, now, meanInFlight, replicas, 2);

  it("aims at 70 % of 100 requests in flight, every 2 s", () => {
    const policy = kpaPolicy.create({}, policyContext());
    expect(policy.firstTickSeconds()).toBe(2);
    const { replicas, reason } = at(policy, 2, 71, 1);
    expect(replicas).toEqual({ agg: 2 });
    expect(at(kpaPolicy.create({}, policyContext()), 2, 70.0000004, 1).replicas.agg).toBe(1);
    expect(reason).toBe("On average 71.0 requests in flight in the stable window, 70.0 a replica: 2 replicas.");
  });

  it("scales to zero where it may: after a stable window of silence and the retention period", () => {
    const knobs = { min_replicas: 0, scale_to_zero_pod_retention_period_seconds: 20 };
    const policy = kpaPolicy.create(knobs, policyContext());
    const replicas = new Map<number, number>();
    for (let now = 2; now <= 120; now += 2) replicas.set(now, at(policy, now, now <= 10 ? 5 : 0, 1).replicas.agg!);
    const gone = [...replicas].find(([, count]) => count === 0)?.[0];
    // Silent from 10 on: the stable window holds only zeros from 70 on, the last replica stays 20 s longer.
    expect(gone).toBe(90);
    const kept = kpaPolicy.create({}, policyContext());
    for (let now = 2; now <= 120; now += 2) expect(at(kept, now, 0, 1).replicas.agg).toBe(1);
  });

  it("keeps the last replica for the grace period where the activator has not stood before the pool", () => {
    const zeroAt = (knobs: object): number | undefined => {
      const policy = kpaPolicy.create({ min_replicas: 0, ...knobs }, policyContext());
      for (let now = 2; now <= 200; now += 2) if (at(policy, now, now <= 10 ? 5 : 0, 1).replicas.agg === 0) return now;
      return undefined;
    };
    // Silent from 10 on, inactive from 70 on. One replica of 100 has no burst capacity of 200 to spare, but one of 50.
    expect(zeroAt({})).toBe(72);
    expect(zeroAt({ target_burst_capacity: 50 })).toBe(100);
    expect(zeroAt({ target_burst_capacity: -1 })).toBe(72);
    expect(zeroAt({ target_burst_capacity: 0, scale_to_zero_grace_period_seconds: 10 })).toBe(80);
    expect(zeroAt({ scale_to_zero_pod_retention_period_seconds: 50 })).toBe(120);
    expect(zeroAt({ enable_scale_to_zero: false })).toBeUndefined();
  });

  it("keeps a first replica that is still starting though the load has gone", () => {
    const policy = kpaPolicy.create({ min_replicas: 0, stable_window_seconds: 6 }, policyContext({ replicas: 0 }));
    expect(at(policy, 2, 5, 0).replicas.agg).toBe(1);
    const starting = pool([], { startingIds: [0] });
    const later = Array.from({ length: 20 }, (_, i) =>
      policy.onTick(observation(4 + 2 * i, { agg: starting }, quietWindow(2))),
    );
    expect(later.map(({ replicas }) => replicas.agg)).toEqual(Array(20).fill(1));
    // Ready at 44: active for a stable window, inactive from 50 on.
    const ready = Array.from({ length: 6 }, (_, i) => at(policy, 44 + 2 * i, 0, 1).replicas.agg);
    expect(ready).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it("has activation_scale replicas at least while there is load, and fewer without", () => {
    const policy = kpaPolicy.create({ min_replicas: 0, activation_scale: 3 }, policyContext({ replicas: 0 }));
    expect(at(policy, 2, 1, 0).replicas.agg).toBe(3);
    const quiet = kpaPolicy.create({ activation_scale: 3 }, policyContext());
    expect([2, 4, 6].map((now) => at(quiet, now, 0, 3).replicas.agg)).toEqual([1, 1, 1]);
  });

  it("follows requests a second instead", () => {
    const policy = kpaPolicy.create({ metric: "rps", target: 10 }, policyContext());
    const traffic = quietWindow(2, { offeredRequests: 40 });
    expect(policy.onTick(observation(2, { agg: pool([{}]) }, traffic)).replicas.agg).toBe(3);
  });
});
