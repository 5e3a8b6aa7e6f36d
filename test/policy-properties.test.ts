import { describe, expect, it } from "vitest";
import { defaultPolicy, policyLoaders } from "../src/planner/policies.ts";
import { runPolicy, steadyTrace, wantedReplicas } from "./policy-run.ts";

/**
 * What holds of every reactive policy, whatever its rules. Knobs are the defaults but for targets in units of the load
 * (requests in flight of a replica), which no default can know.
 */
const policies: Readonly<
  Record<string, { readonly knobs?: object; readonly planner?: object; readonly horizonSeconds: number }>
> = {
  "dynamo-fixed": {
    planner: { enable_load_scaling: true, load_adjustment_interval_seconds: 10, load_predictor: "constant" },
    horizonSeconds: 60,
  },
  hpa: { knobs: { metrics: [{ name: "concurrency", target: 24 }] }, horizonSeconds: 0 },
  keda: { knobs: { metric: "concurrency", threshold: 24 }, horizonSeconds: 0 },
  kpa: { knobs: { target: 35 }, horizonSeconds: 60 },
  "ray-serve": { knobs: { target_ongoing_requests: 24, downscale_delay_s: 300 }, horizonSeconds: 60 },
  slo: { horizonSeconds: 60 },
  "llm-d-wva": { knobs: { kv_cache_threshold: 0.15, kv_spare_trigger: 0.05 }, horizonSeconds: 60 },
};

const withoutOwnDecisions = ["static", "schedule", "oracle"];

it("covers every policy that decides by what it sees", () => {
  const expected = [defaultPolicy, ...Object.keys(policyLoaders)].filter((name) => !withoutOwnDecisions.includes(name));
  expect([...Object.keys(policies), defaultPolicy].toSorted()).toEqual(expected.toSorted());
});

const steady = steadyTrace([{ untilSeconds: 1200, requestsPerSecond: 6 }]);
const step = steadyTrace([
  { untilSeconds: 400, requestsPerSecond: 2 },
  { untilSeconds: 1200, requestsPerSecond: 24 },
]);
const silence = steadyTrace([
  { untilSeconds: 300, requestsPerSecond: 16 },
  { untilSeconds: 1500, requestsPerSecond: 0 },
]);

describe.each(Object.entries(policies))("%s", (name, { knobs, planner = {}, horizonSeconds }) => {
  const run = async (trace: Awaited<typeof steady>, options: Parameters<typeof runPolicy>[2] = {}) => {
    const result = await runPolicy(trace, name, {
      ...options,
      ...(knobs === undefined ? {} : { knobs }),
      planner: { ...planner, ...options.planner },
    });
    expect(result.ended_early).toBeNull();
    return { result, wanted: wantedReplicas(result) };
  };

  it("does not flap on constant load", async () => {
    const { result } = await run(await steady, { workers: 2 });
    // It may settle; from ten minutes on nothing changes any more.
    const late = result.scaling_events.filter(({ t_s: t }) => t > 600);
    expect(late).toEqual([]);
  });

  it("never goes below the least replicas or above the budget", async () => {
    const bounds = { min_endpoint: 2, max_gpu_budget: 3 };
    for (const trace of [await step, await silence]) {
      const { wanted } = await run(trace, { workers: 2, planner: bounds });
      expect(Math.min(...wanted.map(({ replicas }) => replicas))).toBeGreaterThanOrEqual(2);
      expect(Math.max(...wanted.map(({ replicas }) => replicas))).toBeLessThanOrEqual(3);
    }
  });

  it("reacts to a step within its horizon and a tick", async () => {
    const { result, wanted } = await run(await step);
    const interval = wanted[1]!.atSeconds - wanted[0]!.atSeconds;
    const settled = wanted.findLast(({ atSeconds }) => atSeconds <= 400)!.replicas;
    const first = wanted.find(({ atSeconds, replicas }) => atSeconds > 400 && replicas > settled);
    expect(first?.atSeconds).toBeLessThanOrEqual(400 + horizonSeconds + 2 * interval);
    expect(result.completed_requests).toBe(result.num_requests);
  });

  it("goes down to the least replicas on silence", async () => {
    const { wanted } = await run(await silence, { workers: 4 });
    expect(wanted.at(-1)?.replicas).toBe(1);
  });

  it("decides the same twice", async () => {
    const [one, other] = [await run(await step), await run(await step)];
    expect(one.result.digest).toBe(other.result.digest);
  });
});
