import { describe, expect, it } from "vitest";
import { frontEnd, gauges, observation, pool, quietWindow } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import type { Planner } from "../planner.ts";
import { kedaPolicy } from "./keda-policy.ts";

const waiting = (policy: Planner, now: number, queue: number, replicas: number): number => {
  const atRouter = replicas === 0 ? queue : 0;
  const workers = Array.from({ length: replicas }, (_, id) => gauges(id, { waiting: id === 0 ? queue : 0 }));
  const agg = pool(
    workers.map(() => ({})),
    { workers },
  );
  return policy.onTick(observation(now, { agg }, quietWindow(15), frontEnd({ atRouter }))).replicas.agg!;
};

describe("scaling between one and many", () => {
  it("keeps the queue at its threshold a replica, wherever the requests wait", () => {
    const policy = kedaPolicy.create({ threshold: 5 }, policyContext());
    expect(waiting(policy, 15, 20, 1)).toBe(4);
    expect(waiting(policy, 30, 20, 4)).toBe(4);
  });

  it("goes down by the autoscaler's stabilisation window, not by the cooldown", () => {
    const policy = kedaPolicy.create({ cooldown_period_seconds: 0 }, policyContext());
    const replicas = Array.from({ length: 21 }, (_, i) => waiting(policy, 15 * (i + 1), 0, 4));
    expect(replicas.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 4));
    expect(replicas[20]).toBe(1);
  });
});

describe("activation", () => {
  const toZero = { min_replicas: 0, cooldown_period_seconds: 60 };

  it("goes to zero after the cooldown since the trigger was last active", () => {
    const policy = kedaPolicy.create(toZero, policyContext());
    expect(waiting(policy, 30, 3, 1)).toBe(1);
    expect(waiting(policy, 60, 0, 1)).toBe(1);
    expect(waiting(policy, 75, 0, 1)).toBe(1);
    expect(waiting(policy, 90, 0, 1)).toBe(0);
  });

  it("wakes up at the next poll when the trigger is over its activation threshold", () => {
    const policy = kedaPolicy.create({ ...toZero, activation_threshold: 2 }, policyContext());
    expect(waiting(policy, 15, 1, 0)).toBe(0);
    expect(waiting(policy, 30, 9, 0)).toBe(0); // polls every 30 s: 15, 45, …
    expect(waiting(policy, 45, 2, 0)).toBe(0); // not over 2
    expect(waiting(policy, 75, 3, 0)).toBe(1);
  });

  it("goes to idle_replicas instead of the least number", () => {
    const policy = kedaPolicy.create(
      { min_replicas: 3, idle_replicas: 1, cooldown_period_seconds: 60 },
      policyContext(),
    );
    expect(waiting(policy, 30, 1, 3)).toBe(3);
    expect(waiting(policy, 90, 0, 3)).toBe(1);
    expect(waiting(policy, 120, 1, 1)).toBe(3);
  });

  it("keeps a replica until then, though the autoscaler it drives would need none", () => {
    const atOnce = { scale_down: { stabilization_window_seconds: 0 } };
    const policy = kedaPolicy.create({ ...toZero, behavior: atOnce }, policyContext());
    expect(waiting(policy, 30, 3, 4)).toBe(1);
    expect([45, 60, 75].map((now) => waiting(policy, now, 0, 1))).toEqual([1, 1, 1]);
    expect(waiting(policy, 90, 0, 1)).toBe(0);
  });

  it("does not count waking up among the changes that the autoscaler's rate is bounded by", () => {
    const onePod = { scale_up: { policies: [{ type: "Pods" as const, value: 1, period_seconds: 600 }] } };
    const policy = kedaPolicy.create({ ...toZero, behavior: onePod }, policyContext());
    expect(waiting(policy, 30, 50, 0)).toBe(1);
    expect(waiting(policy, 45, 50, 1)).toBe(2);
    expect(waiting(policy, 60, 50, 2)).toBe(2);
  });

  it("does not idle within the initial cooldown", () => {
    const policy = kedaPolicy.create({ ...toZero, initial_cooldown_period_seconds: 600 }, policyContext());
    expect(waiting(policy, 300, 0, 1)).toBe(1);
    expect(waiting(policy, 600, 0, 1)).toBe(0);
  });

  it("never idles where the least number is one", () => {
    const policy = kedaPolicy.create({ cooldown_period_seconds: 0 }, policyContext());
    expect(waiting(policy, 3600, 0, 1)).toBe(1);
  });

  it("refuses idle replicas that are not fewer than the least", () => {
    const found: string[] = [];
    kedaPolicy.check({ idle_replicas: 1 }, policyContext(), (key, message) => found.push(`${key}: ${message}`));
    expect(found).toEqual(["idle_replicas: found 1, expected less than the least replicas, which are 1"]);
  });
});
