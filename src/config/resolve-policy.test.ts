import { describe, expect, it } from "vitest";
import { simulate } from "../replay.ts";
import { ConfigError } from "./config-error.ts";
import { resolveReplay } from "./resolve-replay.ts";

const workload = { inputTokens: 512, outputTokens: 32, requestCount: 120, requestRate: 4 } as const;

async function problemsOf(options: Parameters<typeof resolveReplay>[0]): Promise<string[]> {
  try {
    await resolveReplay({ ...workload, ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

describe("naming a built-in policy", () => {
  it("takes it from the flag, or from the planner configuration", async () => {
    const byFlag = await simulate({ ...workload, policy: "static", policyConfig: { replicas: 3 } });
    expect(byFlag.planner?.policy).toBe("static");
    expect(byFlag.scaling_events.map(({ t_s: t, to }) => [t, to])).toEqual([[0, 3]]);
    const planner = { mode: "agg", policy: "static", policy_config: { replicas: 3 }, ttft_ms: 1500 };
    const byFile = await simulate({ ...workload, plannerConfig: planner });
    expect(byFile.planner?.policy).toBe("static");
    expect(byFile.sla).toMatchObject({ source: "planner", ttft_ms: 1500, itl_ms: null });
    expect(byFile.gpu_hours).toBe(byFlag.gpu_hours);
  });

  it("takes the flag's before the configuration's", async () => {
    const plannerConfig = { mode: "agg", policy: "hpa", policy_config: { target: 3 } };
    const { context } = await resolveReplay({
      ...workload,
      policy: "static",
      policyConfig: { replicas: 3 },
      plannerConfig,
    });
    expect(context.policy).toBe("static");
    expect(context.config["planner.policy_config.replicas"]).toEqual({ value: 3, from: "given" });
  });

  it("judges requests by the bounds it was told, and by defaults where it works towards bounds", async () => {
    const sla = async (policy: string, plannerConfig: object) =>
      (await resolveReplay({ ...workload, policy, plannerConfig: { mode: "agg", ...plannerConfig } })).context.sla;
    expect(await sla("slo", {})).toMatchObject({ ttftMs: 500, itlMs: 50 });
    expect(await sla("slo", { ttft_ms: 900 })).toMatchObject({ ttftMs: 900, itlMs: 50 });
    expect(await sla("hpa", {})).toBeNull();
    expect(await sla("hpa", { ttft_ms: 900 })).toMatchObject({ ttftMs: 900, itlMs: null });
    expect(await sla("hpa", { itl: 40 })).toMatchObject({ ttftMs: null, itlMs: 40 });
  });

  it("records its knobs, defaults included", async () => {
    const { context } = await resolveReplay({ ...workload, policy: "static", policyConfig: { replicas: 3 } });
    expect(context.config["planner.policy_config.replicas"]).toEqual({ value: 3, from: "given" });
    expect(context.config["planner.policy_config.interval_seconds"]).toEqual({ value: 15, from: "default" });
    expect(context.policy).toBe("static");
  });

  it("scales both pools of a disaggregated run, each by its own knobs", async () => {
    const result = await simulate({
      ...workload,
      prefillEngineArgs: {},
      decodeEngineArgs: {},
      policy: "static",
      policyConfig: { replicas: 2, decode: { replicas: 3 } },
    });
    expect(result.scaling_events.map(({ pool, to }) => [pool, to])).toEqual([
      ["prefill", 2],
      ["decode", 3],
    ]);
  });

  it('takes "dynamo" for the planner of the configuration', async () => {
    const plannerConfig = { mode: "agg", optimization_target: "throughput" };
    const named = await simulate({ ...workload, plannerConfig, policy: "dynamo" });
    const plain = await simulate({ ...workload, plannerConfig });
    expect(named.planner).toEqual(plain.planner);
  });
});

describe("mistakes", () => {
  it("names the nearest policy", async () => {
    expect(await problemsOf({ policy: "schedul" })).toEqual([
      expect.stringContaining('--policy: unknown policy "schedul" (did you mean "schedule"?); known: dynamo, '),
    ]);
    expect(await problemsOf({ plannerConfig: { mode: "agg", policy: "statik" } })).toEqual([
      expect.stringContaining('--planner-config policy: unknown policy "statik" (did you mean "static"?)'),
    ]);
  });

  it.each(["toString", "constructor", "__proto__", "hasOwnProperty"])("takes %s for no policy", async (policy) => {
    expect(await problemsOf({ policy })).toEqual([expect.stringContaining(`--policy: unknown policy "${policy}"`)]);
  });

  it("places knobs that are missing where they would be given", async () => {
    const missing = "entries: found none, expected at least one";
    const entries = { entries: [] };
    expect(await problemsOf({ policy: "schedule", policyConfig: entries })).toEqual([`--policy-config ${missing}`]);
    const inFile = { mode: "agg", policy_config: entries };
    expect(await problemsOf({ policy: "schedule", plannerConfig: inFile })).toEqual([
      `--planner-config policy_config.${missing}`,
    ]);
    for (const plannerConfig of [{ mode: "agg" }, { mode: "agg", policy: "schedule" }]) {
      const [problem] = await problemsOf({ policy: "schedule", plannerConfig });
      expect(problem).toMatch(/^--policy-config entries: /);
    }
    const [problem] = await problemsOf({ plannerConfig: { mode: "agg", policy: "schedule" } });
    expect(problem).toMatch(/^--planner-config policy_config.entries: /);
  });

  it("takes anything with a slash or a script's ending for a module", async () => {
    expect(await problemsOf({ policy: "static.js" })).toEqual([
      expect.stringContaining("cannot load static.js: no such module"),
    ]);
  });

  it("checks knobs by schema, by rule, and against the run, all at once", async () => {
    expect(await problemsOf({ policy: "static", policyConfig: { replica: 3, interval_seconds: 0 } })).toEqual([
      "--policy-config interval_seconds: found 0, expected a whole number of at least 1",
      '--policy-config: unknown key "replica" (did you mean "replicas"?)',
    ]);
    expect(await problemsOf({ policy: "static", policyConfig: { prefill: { replicas: 1 } } })).toEqual([
      "--policy-config prefill: found settings of a prefill pool, expected none: this run is aggregated",
    ]);
    const plannerConfig = { policy: "schedule", policy_config: { entries: [] } };
    expect(await problemsOf({ plannerConfig })).toEqual([
      "--planner-config policy_config.entries: found none, expected at least one",
    ]);
  });

  it("refuses knobs without a policy that takes them", async () => {
    expect(await problemsOf({ policyConfig: { replicas: 1 } })).toEqual([
      "--policy-config: found without --policy or --planner-config",
    ]);
    expect(await problemsOf({ policy: "dynamo", policyConfig: { replicas: 1 } })).toEqual([
      '--policy-config replicas: policy "dynamo" takes its settings from the planner configuration itself',
    ]);
  });

  it("takes a planner configuration without a mode for what the engine arguments make", async () => {
    const plannerConfig = { optimization_target: "sla", ttft_ms: 1500 };
    const derived = { from: "derived", note: "from the engine arguments" };
    const aggregated = await resolveReplay({ ...workload, plannerConfig });
    expect(aggregated.context).toMatchObject({ mode: "agg", config: { "planner.mode": { value: "agg", ...derived } } });
    const pools = { prefillEngineArgs: {}, decodeEngineArgs: {} };
    const disaggregated = await resolveReplay({ ...workload, ...pools, plannerConfig });
    expect(disaggregated.context.config["planner.mode"]).toEqual({ value: "disagg", ...derived });
    expect(await problemsOf({ plannerConfig: { mode: "disagg" } })).toEqual([
      expect.stringContaining('--planner-config mode: found "disagg", expected "agg": the engines are those of'),
    ]);
  });

  it("tells which planner settings the policy does not read, and a mode that contradicts the engines", async () => {
    const plannerConfig = { load_predictor: "kalman", ttft_ms: 1000 };
    const { context } = await resolveReplay({ ...workload, policy: "static", plannerConfig });
    expect(context.warnings).toEqual(['without effect on policy "static": load_predictor']);
    expect(await problemsOf({ policy: "static", plannerConfig: { mode: "disagg" } })).toEqual([
      '--planner-config mode: found "disagg", but the engine arguments make a run of mode "agg"',
    ]);
  });
});
