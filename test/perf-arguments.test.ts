import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli, scratchFolder } from "./run-cli.ts";
import { hasShared, sharedPath } from "./shared-data.ts";

const guide = { aic_backend: "vllm", aic_system: "h200_sxm", aic_model_path: "nvidia/Llama-3.1-8B-Instruct-FP8" };
const folder = scratchFolder();
const trace = join(folder, "trace.jsonl");
writeFileSync(trace, `${JSON.stringify({ timestamp: 0, input_length: 100, output_length: 5, hash_ids: [1] })}\n`);

/** What a replay with these engine arguments says on its way out. */
async function refusal(given: object, ...flags: string[]): Promise<string> {
  const args = ["replay", trace, "--extra-engine-args", JSON.stringify(given), ...flags];
  const { code, stdout, stderr } = await runCli(args, { cwd: folder });
  expect(stdout).toBe("");
  expect(code).toBe(2);
  return stderr;
}

describe("a replay with wrong performance arguments ends with exit code 2 and says why", () => {
  it.each([
    [{ ...guide, aic_system: "h300" }, /^windtunnel: --extra-engine-args aic_system: unknown GPU "h300"/],
    [{ ...guide, aic_backend: "tgi" }, /aic_backend: found "tgi", expected one of "vllm", "trtllm", "sglang"/],
    [{ aic_backend: "vllm" }, /aic_model_path: is missing[\s\S]*aic_system: is missing/],
    [{ ...guide, aic_model_path: "Qwen/Qwen4" }, /aic_model_path: unknown model "Qwen\/Qwen4"/],
    [{ ...guide, aic_tp_size: 3 }, /aic_tp_size: found 3, but .* 32 attention heads/],
    [{ ...guide, dp_size: 4, aic_attention_dp_size: 2 }, /dp_size: found 4, but aic_attention_dp_size is 2/],
    [
      { ...guide, aic_backend_version: "9.9.9" },
      /--extra-engine-args aic_backend_version: "9\.9\.9" is no release of vllm; tables were published of 0\.11\.0, .*Leave it out/,
    ],
    [
      { ...guide, aic_backend_version: "latest", aic_system: "h200" },
      /aic_backend_version: "latest" is no release of vllm/,
    ],
    [
      { ...guide, aic_backend: "trtllm", aic_backend_version: "2.3.0rc10" },
      /"2\.3\.0rc10" is no release of trtllm \(did you mean "1\.3\.0rc10"\?\)/,
    ],
    [{ ...guide, aic_backend_version: "1.3.0rc20" }, /"1\.3\.0rc20" is a release of trtllm, not of vllm/],
    [{ ...guide, aic_nextn: 6 }, /aic_nextn: found 6/],
    [{ ...guide, aic_nextn_accept_rates: "0.8" }, /aic_nextn_accept_rates: .*needs aic_nextn/],
    [{ ...guide, aic_model_path: "deepseek-ai/DeepSeek-R1" }, /does not fit on 1 × h200_sxm: .* weights 657\.3/],
  ])("%j", async (given, message) => {
    expect(await refusal(given)).toMatch(message);
  });

  it("a folder without tables, and one that is no folder", async () => {
    expect(await refusal(guide, "--perf-data", folder)).toMatch(/perf_data: .*no AIConfigurator tables there/);
    expect(await refusal(guide, "--perf-data", trace)).toMatch(/perf_data: .*trace\.jsonl/);
  });

  it.skipIf(!hasShared)("a version or GPU the tables lack (needs ../shared)", async () => {
    const tables = sharedPath("perf", "aic");
    const version = { ...guide, aic_backend_version: "9.9.9" };
    expect(await refusal(version, "--perf-data", tables)).toMatch(/no tables of vllm 9\.9\.9; there are 0\.24\.0/);
    const gpu = { ...guide, aic_system: "b200" };
    expect(await refusal(gpu, "--perf-data", tables)).toMatch(/no tables of b200_sxm; there are h200_sxm/);
  });
});

describe("perf estimate", () => {
  it("names the short flag that a mistake was given with, and the argument where none was", async () => {
    const short = ["--backend", "vllm", "--system", "h2000", "--tp", "3"];
    const args = ["perf", "estimate", ...short, "--extra-engine-args", '{"aic_model_path": "Qwen/Qwen4"}'];
    const { code, stderr } = await runCli(args, { cwd: folder });
    expect(code).toBe(2);
    const lines = stderr.trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^windtunnel: --extra-engine-args aic_model_path: unknown model "Qwen\/Qwen4"/);
    expect(lines[1]).toMatch(/^windtunnel: --system: unknown GPU "h2000" \(did you mean "h200"\?\)/);
  });

  it("warns of a model that does not fit", async () => {
    const args = ["perf", "estimate", "--backend", "vllm", "--system", "l4", "--model", "meta-llama/Llama-3.1-70B"];
    const { code, stdout, stderr } = await runCli(args, { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain("decode");
    expect(stderr).toMatch(/^warning: meta-llama\/Llama-3\.1-70B does not fit on 1 × l4: a GPU has 24\.0 GiB/);
  });
});

describe("a backend version the roofline has no use for", () => {
  const warned = async (given: object) => {
    const args = ["replay", trace, "--extra-engine-args", JSON.stringify({ ...guide, ...given }), "--json"];
    const { code, stderr } = await runCli(args, { cwd: folder });
    expect(code).toBe(0);
    return stderr;
  };

  it("is warned of where it is a release without tables", async () => {
    expect(await warned({ aic_backend_version: "0.25.0" })).toMatch(
      /warning: aic_backend_version 0\.25\.0: AIConfigurator has no tables of this vllm and would refuse it \(nearest: 0\.24\.0\); the roofline prices every version alike, as 0\.24\.0 ran/,
    );
  });

  it.each(["0.24.0", "v0.19.0", "current"])("is taken silently where there are tables: %s", async (version) => {
    expect(await warned({ aic_backend_version: version })).not.toMatch(/warning/);
  });

  it("is the server's own where overheads are asked for", async () => {
    expect(await warned({ aic_backend_version: "0.13.1", perf_overheads: "measured" })).not.toMatch(/warning/);
  });

  it("stops the router's estimator and the planner's estimates, too", async () => {
    const estimator = ["--router-mode", "kv_router", "--router-config", '{"router_prefill_load_model":"aic"}'];
    const aic = ["--aic-backend", "vllm", "--aic-system", "h200_sxm", "--aic-model-path", guide.aic_model_path];
    expect(await refusal(guide, ...estimator, ...aic, "--aic-backend-version", "nope")).toMatch(
      /aic_backend_version: "nope" is no release of vllm/,
    );
    const perf = { hf_id: guide.aic_model_path, system: "h200_sxm", backend: "sglang", backend_version: "5.14" };
    const planner = { mode: "agg", optimization_target: "sla", aic_perf_model: { ...perf, decode_pick: { tp: 1 } } };
    expect(await refusal(guide, "--planner-config", JSON.stringify(planner))).toMatch(
      /--planner-config aic_perf_model\.backend_version: "5\.14" is no release of sglang/,
    );
  });
});
