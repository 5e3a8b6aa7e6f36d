import { expect, it } from "vitest";
import type { Deployment } from "../deployment.ts";
import { gpuOf } from "../gpu.ts";
import { catalogueModel } from "../model-name.ts";
import { StepModel } from "../step-model.ts";
import { StepPerfModel } from "../step-perf-model.ts";
import { rooflinePerfModel } from "./roofline-perf-model.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

const deployment = (tensorParallelSize: number): Deployment => ({
  gpu: gpuOf("h200")!,
  backend: "vllm",
  model: catalogueModel("meta-llama/Llama-3.1-8B")!,
  tensorParallelSize,
  attentionDataParallelSize: 1,
  expertTensorParallelSize: 1,
  expertParallelSize: 1,
  draftTokens: 0,
});
const plain = new StepPerfModel(new StepModel(deployment(2), new RooflinePricer(deployment(2))), {
  kind: "roofline",
  description: "",
});

it("hands the same model out for equal deployments, which never changes a time", () => {
  const model = rooflinePerfModel(deployment(2));
  expect(rooflinePerfModel(structuredClone(deployment(2)))).toBe(model);
  expect(rooflinePerfModel(deployment(4))).not.toBe(model);
  // Touches as many pages of remembered times as make it begin anew.
  for (let requests = 1; requests <= 1024; requests++) {
    for (let group = 0; group < 5; group++) {
      const context = group * 1024 + (requests % 1000);
      expect(model.decodeMs(requests, context)).toBe(plain.decodeMs(requests, context));
    }
    expect(model.prefillMs(requests, 100, 32)).toBe(plain.prefillMs(requests, 100, 32));
  }
  expect(model.rememberedTimes).toBeGreaterThan(2 ** 22);
  expect(rooflinePerfModel(deployment(2))).toBe(model);
  expect(model.rememberedTimes).toBe(0);
  expect(model.decodeMs(7, 1234)).toBe(plain.decodeMs(7, 1234));
  expect(model.prefillMs(7, 100, 32)).toBe(plain.prefillMs(7, 100, 32));
});

it("forgets the deployment it saw least recently", () => {
  const first = rooflinePerfModel(deployment(1));
  for (const size of [2, 4, 8]) rooflinePerfModel(deployment(size));
  expect(rooflinePerfModel(deployment(1))).toBe(first);
  for (const size of [2, 4, 8, 16]) rooflinePerfModel(deployment(size));
  expect(rooflinePerfModel(deployment(1))).not.toBe(first);
});
