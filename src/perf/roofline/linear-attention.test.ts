import { expect, it } from "vitest";
import { gpuOf } from "../gpu.ts";
import { catalogueModel } from "../model-name.ts";
import { StepModel } from "../step-model.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

const deployment = (backend: "vllm" | "trtllm") => ({
  gpu: gpuOf("h200")!,
  backend,
  model: catalogueModel("Qwen/Qwen3.5-27B")!,
  tensorParallelSize: 1,
  attentionDataParallelSize: 1,
  expertTensorParallelSize: 1,
  expertParallelSize: 1,
  draftTokens: 0,
});

it("reads and writes the state of every sequence in a decode pass, however many there are", () => {
  const pricer = new RooflinePricer(deployment("vllm"));
  const perSequence = (sequences: number) => pricer.linearDecode(sequences, 4096, 128) / sequences;
  expect(perSequence(256)).toBeCloseTo(perSequence(128), 4);
  // 32 value heads of 128: convolution and recurrence of a layer in aiconfigurator-core 0.12.0 (vllm 0.24.0).
  expect(pricer.linearDecode(256, 4096, 128) * 1e3).toBeCloseTo(278.2, -1);
  expect(pricer.linearDecode(16, 4096, 128) * 1e3).toBeCloseTo(19.3, -1);
});

it("comes near AIConfigurator's prefills of a model with linear attention", () => {
  const model = new StepModel(deployment("trtllm"), new RooflinePricer(deployment("trtllm")));
  // aiconfigurator-core 0.12.0, trtllm 1.3.0rc20.
  for (const [requests, tokens, prefix, ms] of [
    [1, 1024, 0, 79.8],
    [1, 8192, 0, 622.31],
    [4, 2048, 2048, 613.46],
  ] as const) {
    expect(Math.abs(model.prefillMs(requests, tokens, prefix) / ms - 1)).toBeLessThan(0.1);
  }
});
