import { expect, test } from "vitest";
import { resolveReplay, type ResolvedReplay } from "../config/resolve-replay.ts";
import { madeUpTimes } from "./made-up-times.ts";

const deployment = {
  aic_backend: "vllm",
  aic_system: "h100_sxm",
  aic_model_path: "meta-llama/Llama-3.1-8B-Instruct",
};
const configOf = async (options: Parameters<typeof resolveReplay>[0]): Promise<ResolvedReplay["context"]["config"]> =>
  (await resolveReplay({ trace: "preset:step", ...options })).context.config;

test("told of engines without a model and GPU, in either pool, and of no others", async () => {
  expect(madeUpTimes(await configOf({ extraEngineArgs: { block_size: 16 } }))).toContain("aic_model_path");
  expect(madeUpTimes(await configOf({ extraEngineArgs: deployment }))).toBeNull();
  const prefillEngineArgs = { ...deployment, worker_type: "prefill" };
  const decodeEngineArgs = { worker_type: "decode" };
  expect(madeUpTimes(await configOf({ prefillEngineArgs, decodeEngineArgs }))).toContain("built into the mocker");
});
