import { expect, it } from "vitest";
import { ProblemList } from "./config-error.ts";
import { validateEngineArgs } from "./engine-args.ts";
import { resolveEngine } from "./resolve-engine.ts";

async function resolve(given: object) {
  const problems = new ProblemList();
  const args = validateEngineArgs(given, "--extra-engine-args", "aggregated", problems);
  problems.throwIfAny();
  return resolveEngine(args!);
}

it("says of every setting where its value comes from", async () => {
  const { values, engine } = await resolve({ max_num_seqs: 8, num_gpu_blocks: null, sglang: null });
  expect(values).toMatchObject({
    max_num_seqs: { value: 8, from: "given" },
    block_size: { value: 64, from: "default" },
    num_gpu_blocks: { value: engine.numGpuBlocks, from: "default" },
    worker_type: { value: "aggregated", from: "derived", note: "from --extra-engine-args" },
    gpus_per_worker: { value: 1, from: "derived" },
    perf_model: { value: "polynomial", from: "derived" },
  });
  const named = await resolve({ worker_type: "aggregated", engine_type: "sglang", sglang: { schedule_policy: "lpm" } });
  expect(named.values).toMatchObject({
    worker_type: { value: "aggregated", from: "given" },
    block_size: { value: 1, from: "default" },
    "sglang.schedule_policy": { value: "lpm", from: "given" },
  });
});

it("takes a block size of 0 for none given, as the reference does", async () => {
  const { values, engine } = await resolve({ block_size: 0 });
  expect(engine.blockSize).toBe(64);
  expect(values["block_size"]).toEqual({ value: 64, from: "default" });
});

it("takes ranks given under either name, or both alike", async () => {
  for (const given of [{ dp_size: 2 }, { aic_attention_dp_size: 2 }, { dp_size: 2, aic_attention_dp_size: 2 }]) {
    expect((await resolve(given)).engine.dpSize).toBe(2);
  }
});
