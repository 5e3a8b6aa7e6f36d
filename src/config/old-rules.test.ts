import { describe, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { resolveReplay } from "./resolve-replay.ts";

const workload = { inputTokens: 100, outputTokens: 10, requestCount: 2, arrivalIntervalMs: 10 };

describe("settings of the newest engines", () => {
  const settings = [
    [
      "trtllm.capacity_scheduler_policy",
      { engine_type: "trtllm", trtllm: { capacity_scheduler_policy: "max_utilization" } },
    ],
    ["prefill_schedule_interval", { prefill_schedule_interval: 2 }],
    ["sglang.prefill_decode_interval", { engine_type: "sglang", sglang: { prefill_decode_interval: 2 } }],
  ] as const;

  test.each(settings)("%s is refused under dynamo-1.4 and taken under current", async (key, engine) => {
    const extraEngineArgs = JSON.stringify(engine);
    const refused = resolveReplay({ ...workload, extraEngineArgs, semantics: "dynamo-1.4" });
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(`${key}: found`);
    await resolveReplay({ ...workload, extraEngineArgs, semantics: "current" });
  });
});

describe("cache tiers", () => {
  const tiers = { num_g2_blocks: 100, kv_bytes_per_token: 1000 };

  test("act under current; dynamo-1.4 warns that it ignores them", async () => {
    const extraEngineArgs = JSON.stringify(tiers);
    const old = await resolveReplay({ ...workload, extraEngineArgs, semantics: "dynamo-1.4" });
    const current = await resolveReplay({ ...workload, extraEngineArgs });
    expect(old.context.warnings.join()).toMatch(/num_g2_blocks only selects g1_backend "kvbm": .*ignores cache tiers/);
    expect(current.context.warnings).toEqual([]);
    const engineOf = ({ run }: typeof old) => (run.topology.mode === "agg" ? run.topology.engine : null);
    expect(engineOf(old)!.kvTiers).toBeUndefined();
    expect(engineOf(current)!.kvTiers).toMatchObject({
      hostBlocks: 100,
      diskBlocks: 0,
      gpuToHost: 14,
      objectStore: false,
    });
  });

  test("select nothing for SGLang-like workers, whose cache is their own", async () => {
    const extraEngineArgs = JSON.stringify({ ...tiers, engine_type: "sglang" });
    const { context } = await resolveReplay({ ...workload, extraEngineArgs, semantics: "dynamo-1.4" });
    expect(context.warnings.join()).toMatch(/num_g2_blocks has no effect: .*ignores cache tiers/);
  });

  test("without bytes a token the transfers take no time, which a warning says; a decode worker has no tiers", async () => {
    const unknown = await resolveReplay({ ...workload, extraEngineArgs: '{"num_g2_blocks":100}' });
    expect(unknown.context.warnings.join()).toMatch(/kv_bytes_per_token is not given: .* take no time/);
    const engine = JSON.stringify(tiers);
    const apart = await resolveReplay({ ...workload, prefillEngineArgs: engine, decodeEngineArgs: engine });
    expect(apart.context.warnings).toEqual([expect.stringMatching(/decode-engine-args num_g2_blocks has no effect/)]);
    const { topology } = apart.run;
    if (topology.mode !== "disagg") throw new Error("one pool");
    expect(topology.prefillEngine.kvTiers).toMatchObject({ hostBlocks: 100 });
    expect(topology.decodeEngine.kvTiers).toBeUndefined();
  });
});
