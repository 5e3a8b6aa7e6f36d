import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCli, scratchFolder } from "./run-cli.ts";

const cwd = scratchFolder();

/** What a replay of a trace for three minutes says of its requests. */
async function replayed(...trace: string[]): Promise<Record<string, unknown>> {
  const engine = '{"speedup_ratio": 1}';
  const options = ["--num-workers", "4", "--extra-engine-args", engine, "--max-sim-time-seconds", "180"];
  const done = await runCli(["replay", ...trace, ...options, "--report-json", "result.json"], { cwd });
  expect(done).toMatchObject({ code: 0 });
  const result = JSON.parse(readFileSync(join(cwd, "result.json"), "utf8")) as Record<string, unknown>;
  const keys = ["completed_requests", "total_input_tokens", "total_output_tokens", "mean_ttft_ms", "mean_itl_ms"];
  return Object.fromEntries(keys.map((key) => [key, result[key]]));
}

test("a load shape is replayed by name, seeded, as it is when written to a file", async () => {
  const preset = await replayed("preset:spike", "--seed", "3");
  expect(Object.values(preset).every((value) => typeof value === "number" && value > 0)).toBe(true);
  // Three minutes of 7 requests/s; the last ones are still running.
  expect(Math.abs(Number(preset["completed_requests"]) - 1260)).toBeLessThan(180);
  expect(await replayed("preset:spike", "--seed", "4")).not.toEqual(preset);
  const generated = await runCli(["trace", "generate", "preset:spike", "--seed", "3", "-o", "spike.jsonl"], { cwd });
  expect(generated).toMatchObject({ code: 0, stderr: expect.stringContaining("requests to spike.jsonl") as unknown });
  expect(await replayed("spike.jsonl")).toEqual(preset);
});

test("a mistyped preset is answered with the nearest and all others", async () => {
  const { code, stderr } = await runCli(["replay", "preset:spiek"], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain('preset:spiek: unknown preset (did you mean "spike"?); known: toolagent, conversation,');
  expect(stderr).toContain("wave, step, spike, batches, drift");
});
