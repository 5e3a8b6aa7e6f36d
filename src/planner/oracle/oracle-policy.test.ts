import { describe, expect, it } from "vitest";
import { runPolicy, steadyTrace } from "../../../test/policy-run.ts";
import { observation, pool } from "../../../test/planner-fixtures.ts";
import { ScheduleFollower } from "./replica-schedule.ts";

describe("ScheduleFollower", () => {
  const schedule = { segmentSeconds: 60, replicas: [1, 1, 1, 3, 1] };
  const wanted = (follower: ScheduleFollower, at: number) =>
    follower.onTick(observation(at, { agg: pool([{}]) })).replicas.agg;

  it("changes the fleet at the segments' borders where replicas come at once", () => {
    const follower = new ScheduleFollower(schedule, 0);
    expect([0, 60, 179, 180, 239, 240, 1000].map((at) => wanted(follower, at))).toEqual([1, 1, 1, 3, 3, 1, 1]);
    expect(follower.onTick(observation(0, { agg: pool([{}]) })).nextTickSeconds).toBe(180);
  });

  it("starts replicas as long before as they take, and keeps what will be needed again by then", () => {
    const follower = new ScheduleFollower(schedule, 100);
    expect([0, 79, 80, 180, 240].map((at) => wanted(follower, at))).toEqual([1, 1, 3, 3, 1]);
    const dip = new ScheduleFollower({ segmentSeconds: 60, replicas: [2, 1, 2, 2] }, 60);
    expect([0, 60, 120].map((at) => wanted(dip, at))).toEqual([2, 2, 2]);
  });
});

describe("oracle", () => {
  const trace = steadyTrace([
    { untilSeconds: 300, requestsPerSecond: 4 },
    { untilSeconds: 480, requestsPerSecond: 70 },
    { untilSeconds: 900, requestsPerSecond: 4 },
  ]);

  it.each([0, 120])(
    "keeps its goal, has replicas ready for a burst and costs what it planned: start-up %d s",
    async (startupSeconds) => {
      const result = await runPolicy(await trace, "oracle", { knobs: { goal: 0.97 }, startupSeconds });
      expect(result.ended_early).toBeNull();
      const record = result.planner!.ticks[0]!.record as Record<string, number>;
      expect(result.gpu_hours).toBeCloseTo(record["planned_gpu_hours"]!, 9);
      const met = result.sla!.attainment.all * result.num_requests;
      expect(Math.round(met)).toBe(record["planned_requests_met"]);
      expect(met).toBeGreaterThanOrEqual(record["wanted_requests_met"]!);
      const [up] = result.scaling_events;
      expect(up?.kind).toBe("scale_up");
      expect(up!.t_s + startupSeconds).toBeLessThanOrEqual(300);
    },
  );

  it("costs less than the slo policy for what that one reaches", async () => {
    const ours = await runPolicy(await trace, "slo", { startupSeconds: 30 });
    const goal = ours.sla!.attainment.all;
    const oracle = await runPolicy(await trace, "oracle", { knobs: { goal }, startupSeconds: 30 });
    expect(oracle.gpu_hours).toBeLessThanOrEqual(ours.gpu_hours);
  });

  it("plans with the one fleet there may be, whatever its size", async () => {
    const knobs = { min_replicas: 11, max_replicas: 11 };
    const result = await runPolicy(await trace, "oracle", { knobs, planner: { max_gpu_budget: 16 }, workers: 11 });
    expect(result.ended_early).toBeNull();
    expect(result.planner!.ticks.map(({ pools }) => pools.agg!.target)).toEqual([11]);
  });
});
