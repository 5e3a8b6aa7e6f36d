import { describe, expect, it } from "vitest";
import { policyEngine, runPolicy, steadyTrace, wantedReplicas } from "../../../test/policy-run.ts";
import { simulate } from "../../replay.ts";
import type { RunResult } from "../../result/schema.ts";
import type { Trace } from "../../trace/trace.ts";

const burst = steadyTrace([
  { untilSeconds: 300, requestsPerSecond: 2 },
  { untilSeconds: 600, requestsPerSecond: 70 },
  { untilSeconds: 2400, requestsPerSecond: 2 },
]);

describe("slo", () => {
  it("adds as many replicas as it takes, in one step, and gives them back when fewer have sufficed", async () => {
    const result = await runPolicy(await burst, "slo");
    const [up] = result.scaling_events;
    expect(up).toMatchObject({ kind: "scale_up", from: 1 });
    expect(up!.to).toBeGreaterThan(2);
    expect(up!.t_s).toBeLessThanOrEqual(390);
    expect(up!.reason).toMatch(
      /^Scale up 1 → \d: \d+ requests wait for their first token; \d are enough at .* requests\/s /,
    );
    expect(result.scaling_events.at(-1)).toMatchObject({ kind: "scale_down", to: 1 });
    expect(result.scaling_events.length).toBeLessThanOrEqual(6);
  });

  it("holds longer where a replica takes long to come", async () => {
    const down = async (startupSeconds: number) => {
      const { scaling_events: events } = await runPolicy(await burst, "slo", { startupSeconds });
      return events.findLast(({ kind }) => kind === "scale_down")!.t_s;
    };
    // Two minutes of the quiet load, not five: a replica that is back at once can go sooner.
    expect((await down(0)) - 600).toBeLessThan(200);
    expect((await down(120)) - 600).toBeGreaterThan(300 + 120);
  });

  it("keeps a fleet that is right as it is", async () => {
    const trace = await steadyTrace([{ untilSeconds: 900, requestsPerSecond: 60 }]);
    const { scaling_events: events, sla } = await runPolicy(trace, "slo", { workers: 3 });
    expect(events).toEqual([]);
    expect(sla?.attainment.all).toBeGreaterThan(0.97);
  });

  it("wants no more for a higher goal's sake than for a lower one's", async () => {
    const most = async (goal: number) => {
      const result = await runPolicy(await burst, "slo", { knobs: { goal } });
      return Math.max(...wantedReplicas(result).map(({ replicas }) => replicas));
    };
    expect(await most(0.99)).toBeGreaterThanOrEqual(await most(0.9));
  });

  it("sizes prefill and decode pools each for its part of the SLA", async () => {
    const trace = await steadyTrace([{ untilSeconds: 900, requestsPerSecond: 14 }], 5000, 60);
    const result = await inTwoPools(trace);
    expect(result.ended_early).toBeNull();
    const last = result.planner!.ticks.at(-1)!.pools;
    // 70,000 prompt tokens a second are more than one prefill engine can do; 840 output tokens are nothing for decode.
    expect(last.prefill!.active).toBeGreaterThanOrEqual(2);
    expect(last.decode!.active).toBe(1);
    expect(result.scaling_events.some(({ reason }) => reason.startsWith("Prefill: Scale up"))).toBe(true);
  });

  it("adds decode replicas where requests wait for a place at them, however short their gaps", async () => {
    const trace = await steadyTrace([{ untilSeconds: 600, requestsPerSecond: 30 }], 100, 2000);
    const result = await inTwoPools(trace);
    const last = result.planner!.ticks.at(-1)!.pools;
    expect(result.sla!.attainment.itl).toBeGreaterThan(0.99);
    expect(last.decode!.active).toBeGreaterThanOrEqual(2);
    expect(last.prefill!.active).toBe(1);
    expect(result.sla!.attainment.all).toBeGreaterThan(0.6);
  });

  it("adds more of them while what waits for a place is worked off", async () => {
    const trace = await steadyTrace([{ untilSeconds: 600, requestsPerSecond: 30 }], 100, 2000);
    const { scaling_events: events } = await inTwoPools(trace);
    expect(events.map(({ reason }) => reason).join("\n")).toMatch(
      /Decode: Scale up \d+ → \d+: \d+ requests wait for their first token; \d+ are enough .* worked off sooner/,
    );
  });

  it.each([
    { larger: "prefill", smaller: "decode", load: [14, 5000, 60] },
    { larger: "decode", smaller: "prefill", load: [30, 100, 2000] },
  ] as const)(
    "lets a larger $larger pool miss what the $smaller pool leaves of its part",
    async ({ larger, smaller, load }) => {
      const [requestsPerSecond, inputTokens, outputTokens] = load as [number, number, number];
      const trace = await steadyTrace([{ untilSeconds: 600, requestsPerSecond }], inputTokens, outputTokens);
      const { planner } = await inTwoPools(trace);
      const part = 0.0125;
      const records = planner!.ticks.flatMap(({ record }) => (record === null ? [] : [record]));
      for (const record of records) {
        for (const pool of [larger, smaller]) {
          const tolerated = Number(record[`${pool}_tolerated_miss_share`]);
          expect(tolerated).toBeGreaterThanOrEqual(part - 1e-12);
          expect(tolerated).toBeLessThanOrEqual(2 * part + 1e-12);
        }
      }
      const last = records.at(-1)!;
      expect(last[`${smaller}_expected_miss_share`]).toBe(0);
      expect(last[`${smaller}_tolerated_miss_share`]).toBeCloseTo(part, 12);
      expect(last[`${larger}_tolerated_miss_share`]).toBeCloseTo(2 * part, 12);
    },
  );
});

function inTwoPools(trace: Trace): Promise<RunResult> {
  return simulate({
    trace,
    policy: "slo",
    prefillEngineArgs: policyEngine,
    decodeEngineArgs: policyEngine,
    plannerConfig: { mode: "disagg", ttft_ms: 1500, itl_ms: 50, max_gpu_budget: 16 },
  });
}
