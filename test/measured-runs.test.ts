import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli, scratchFolder } from "./run-cli.ts";
import { hasShared, sharedPath } from "./shared-data.ts";

const engineArgs = { max_num_seqs: 128, max_num_batched_tokens: 2048, block_size: 16 };
const vllm = ["--backend", "vllm", "--system", "rtx_pro_6000"];
const runs: readonly (readonly [string, readonly string[]])[] = [
  ["rtxpro6000-llama-3.1-8b", ["--model", "meta-llama/Llama-3.1-8B"]],
  ["rtxpro6000-qwen3-30b-a3b", ["--model", "Qwen/Qwen3-30B-A3B-Instruct-2507", "--attention-dp", "2"]],
];

async function perf(command: string, name: string, model: readonly string[], more: object, ...flags: string[]) {
  const file = sharedPath("measured", name, "requests.csv");
  const args = ["--extra-engine-args", JSON.stringify({ ...engineArgs, ...more }), "--json", ...flags];
  const finished = await runCli(["perf", command, file, ...vllm, ...model, ...args], { cwd: scratchFolder() });
  expect(finished.stderr).toBe("");
  expect(finished.code).toBe(0);
  return JSON.parse(finished.stdout) as Record<string, Record<string, number>> & { fit: Record<string, object> };
}

/** The largest error of the means of time to first token, per output token, and latency. */
const largest = (errors: object) => Math.max(...Object.values(errors).map((error) => Math.abs(error as number)));

describe.skipIf(!hasShared)("measured runs of vLLM on an RTX PRO 6000 (needs ../shared)", () => {
  it.each(runs)(
    "%s: means within 20 % from the engine arguments alone, with and without overheads",
    async (name, model) => {
      const bare = (await perf("check", name, model, {}))["means"]!;
      const served = (await perf("check", name, model, { perf_overheads: "measured" }))["means"]!;
      expect(largest(bare)).toBeLessThanOrEqual(0.2);
      expect(largest(served)).toBeLessThanOrEqual(0.2);
      // Overheads of other GPUs' servers bring tokens and latencies nearer to this one's.
      expect(Math.abs(served["tpot"]!)).toBeLessThan(Math.abs(bare["tpot"]!));
      expect(Math.abs(served["latency"]!)).toBeLessThan(Math.abs(bare["latency"]!));
    },
    120_000,
  );

  it.each(runs)(
    "%s: calibrated on half of the requests, the others' means within 8 %",
    async (name, model) => {
      const out = join(scratchFolder(), "calibration.json");
      const { fit } = await perf("calibrate", name, model, {}, "--out", out);
      expect(fit["fitted"]).toBe(150);
      expect(fit["heldOut"]).toBe(150);
      expect(largest(fit["errors"]!)).toBeLessThanOrEqual(0.08);
      // As an engine argument it says the same of all requests.
      const all = (await perf("check", name, model, { planner_profile_data: out }))["means"]!;
      expect(largest(all)).toBeLessThanOrEqual(0.08);
    },
    120_000,
  );
});
