import { describe, expect, it } from "vitest";
import { tickInFlight } from "../../../test/planner-fixtures.ts";
import { policyContext } from "../../../test/policy-fixtures.ts";
import type { Planner } from "../planner.ts";
import { desiredReplicas, ScalingDelays } from "./ray-serve-scaler.ts";
import { rayServePolicy } from "./ray-serve-policy.ts";

const settings = {
  targetOngoingRequests: 2,
  upscalingFactor: 1,
  downscalingFactor: 1,
  upscaleDelaySeconds: 30,
  downscaleDelaySeconds: 600,
  downscaleToZeroDelaySeconds: 600,
  minReplicas: 0,
  maxReplicas: 100,
};

describe("desired replicas", () => {
  it("are the running ones times ongoing over target, rounded up, within bounds", () => {
    expect(desiredReplicas(8, 2, settings)).toBe(4);
    expect(desiredReplicas(9, 2, settings)).toBe(5);
    expect(desiredReplicas(2, 4, settings)).toBe(1);
    expect(desiredReplicas(1000, 2, { ...settings, maxReplicas: 11 })).toBe(11);
    expect(desiredReplicas(0, 4, { ...settings, minReplicas: 2 })).toBe(2);
  });

  it("go up and down by the factors' share of the distance", () => {
    expect(desiredReplicas(40, 10, { ...settings, upscalingFactor: 0.5 })).toBe(15);
    expect(desiredReplicas(10, 10, { ...settings, downscalingFactor: 0.5 })).toBe(8);
    expect(desiredReplicas(40, 10, { ...settings, upscalingFactor: 2 })).toBe(30);
  });

  it("lose one where a small factor would move nothing", () => {
    expect(desiredReplicas(10, 10, { ...settings, downscalingFactor: 0.01 })).toBe(9);
    expect(desiredReplicas(19.9, 10, { ...settings, downscalingFactor: 0.01 })).toBe(10);
  });
});

describe("delays", () => {
  it("make a change only when it was wanted all along", () => {
    const delays = new ScalingDelays(settings);
    expect(delays.decide(4, 2, 0)).toEqual({ replicas: 2, dueSeconds: 30 });
    expect(delays.decide(5, 2, 20)).toEqual({ replicas: 2, dueSeconds: 30 });
    expect(delays.decide(3, 2, 30)).toEqual({ replicas: 3, dueSeconds: null });
  });

  it("begin anew after an interruption or a change of direction", () => {
    const delays = new ScalingDelays(settings);
    delays.decide(4, 2, 0);
    delays.decide(2, 2, 10);
    expect(delays.decide(4, 2, 20).dueSeconds).toBe(50);
    expect(delays.decide(1, 2, 30).dueSeconds).toBe(630);
    expect(delays.decide(4, 2, 40).dueSeconds).toBe(70);
  });

  it("reach zero only from one, after a delay of its own", () => {
    const delays = new ScalingDelays({ ...settings, downscaleDelaySeconds: 60, downscaleToZeroDelaySeconds: 300 });
    delays.decide(0, 4, 0);
    expect(delays.decide(0, 4, 60).replicas).toBe(1);
    expect(delays.decide(0, 1, 70).dueSeconds).toBe(370);
    expect(delays.decide(0, 1, 370).replicas).toBe(0);
  });
});

describe("the policy", () => {
  const at = (policy: Planner, now: number, meanInFlight: number, replicas: number) =>
    tickInFlight(policy, now, meanInFlight, replicas, 10);

  it("follows the mean of the look-back every 10 s, up after 30 s, down after 600 s", () => {
    const policy = rayServePolicy.create({ target_ongoing_requests: 10 }, policyContext());
    expect(policy.firstTickSeconds()).toBe(10);
    const up = [10, 20, 30, 40].map((now) => at(policy, now, 30, 1).replicas.agg);
    expect(up).toEqual([1, 1, 1, 3]);
    const down = Array.from({ length: 70 }, (_, i) => at(policy, 50 + 10 * i, 1, 3).replicas.agg!);
    // The mean over 30 s asks for less from 60 on.
    expect(down.findIndex((count) => count < 3)).toBe(down.indexOf(1));
    expect(50 + 10 * down.indexOf(1)).toBe(660);
  });

  it("says what it waits for", () => {
    const policy = rayServePolicy.create({ target_ongoing_requests: 10 }, policyContext());
    expect(at(policy, 10, 30, 1).reason).toBe(
      "On average 30.0 ongoing requests a replica, target 10: 3 replicas, if that still holds at 40 s.",
    );
  });

  it("wakes up from zero without delay", () => {
    const policy = rayServePolicy.create({ min_replicas: 0 }, policyContext());
    expect(at(policy, 10, 0, 0).replicas.agg).toBe(0);
    expect(at(policy, 20, 3, 0).replicas.agg).toBe(1);
  });
});
