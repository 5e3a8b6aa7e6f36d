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

  it("goes to zero at the first poll a cooldown after the trigger was last active", () => {
    const policy = kedaPolicy.create(toZero, policyContext());
    expect(waiting(policy, 30, 3, 1)).toBe(1);
    expect(waiting(policy, 60, 0, 1)).toBe(1);
    expect(waiting(policy, 75, 0, 1)).toBe(1);
    expect(waiting(policy, 90, 0, 1)).toBe(0);
  });

  it("goes to zero at once where the trigger has never been active, but for the initial cooldown", () => {
    expect(waiting(kedaPolicy.create(toZero, policyContext()), 30, 0, 4)).toBe(0);
    const policy = kedaPolicy.create({ ...toZero, initial_cooldown_period_seconds: 600 }, policyContext());
    expect(waiting(policy, 300, 0, 1)).toBe(1);
    expect(waiting(policy, 600, 0, 1)).toBe(0);
  });

  it("forgets the initial cooldown once the trigger has been active", () => {
    const policy = kedaPolicy.create({ ...toZero, initial_cooldown_period_seconds: 600 }, policyContext());
    expect(waiting(policy, 30, 1, 1)).toBe(1);
    expect(waiting(policy, 90, 0, 1)).toBe(0);
  });

  it("wakes up at the next poll when the trigger is over its activation threshold", () => {
    const policy = kedaPolicy.create({ ...toZero, activation_threshold: 2 }, policyContext());
    expect(waiting(policy, 15, 9, 0)).toBe(0); // polls every 30 s: 30, 60, …
    expect(waiting(policy, 30, 2, 0)).toBe(0); // not over 2
    expect(waiting(policy, 45, 9, 0)).toBe(0);
    expect(waiting(policy, 60, 3, 0)).toBe(1);
  });

  it("polls between the decisions of its autoscaler, and leaves those as they are", () => {
    const policy = kedaPolicy.create({ ...toZero, polling_interval_seconds: 4 }, policyContext());
    const ticks: number[] = [];
    for (let now = policy.firstTickSeconds()!; now < 40;) {
      ticks.push(now);
      const agg = pool([{}], { workers: [gauges(0, { waiting: 50 })] });
      const { replicas, nextTickSeconds } = policy.onTick(observation(now, { agg }));
      expect(replicas.agg).toBe(now === 15 || now === 30 ? 4 : 1);
      now = nextTickSeconds!;
    }
    expect(ticks).toEqual([4, 8, 12, 15, 16, 20, 24, 28, 30, 32, 36]);
  });

  it("wakes up to the least number, and goes to idle_replicas from any", () => {
    const policy = kedaPolicy.create(
      { min_replicas: 3, idle_replicas: 0, cooldown_period_seconds: 60 },
      policyContext(),
    );
    expect(waiting(policy, 30, 1, 3)).toBe(3);
    expect(waiting(policy, 90, 0, 5)).toBe(0);
    expect(waiting(policy, 105, 1, 0)).toBe(0);
    expect(waiting(policy, 120, 1, 0)).toBe(3);
  });

  it("keeps a replica until then, though the autoscaler it drives would need none", () => {
    const atOnce = { scale_down: { stabilization_window_seconds: 0 } };
    const policy = kedaPolicy.create({ ...toZero, behavior: atOnce }, policyContext());
    expect(waiting(policy, 30, 3, 4)).toBe(1);
    expect([45, 60, 75].map((now) => waiting(policy, now, 0, 1))).toEqual([1, 1, 1]);
    expect(waiting(policy, 90, 0, 1)).toBe(0);
  });

  it("counts neither waking up nor going idle among the changes that the autoscaler's rate is bounded by", () => {
    const onePod = { scale_up: { policies: [{ type: "Pods" as const, value: 1, period_seconds: 600 }] } };
    const policy = kedaPolicy.create({ ...toZero, behavior: onePod }, policyContext());
    expect(waiting(policy, 15, 0, 3)).toBe(3);
    expect(waiting(policy, 30, 0, 3)).toBe(0);
    expect(waiting(policy, 60, 50, 0)).toBe(1);
    expect(waiting(policy, 75, 50, 1)).toBe(2);
    expect(waiting(policy, 90, 50, 2)).toBe(2);
  });

  it("never idles where the least number is one", () => {
    const policy = kedaPolicy.create({ cooldown_period_seconds: 0 }, policyContext());
    expect(waiting(policy, 3600, 0, 1)).toBe(1);
  });

  it("refuses idle replicas that are not fewer than the least", () => {
    const found: string[] = [];
    const knobs = { idle_replicas: 0, min_replicas: 0 };
    kedaPolicy.check(knobs, policyContext(), (key, message) => found.push(`${key}: ${message}`));
    expect(found).toEqual(["idle_replicas: found 0, expected less than the least replicas, which are 0"]);
  });
});
