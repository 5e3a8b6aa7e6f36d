import { describe, expect, it } from "vitest";
import type { BackendName } from "../backend.ts";
import { backendNames } from "../backend.ts";
import { gpuOf, gpus } from "../gpu.ts";
import { catalogueModel } from "../model-name.ts";
import { expertsSeconds } from "./experts.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

const h200 = gpuOf("h200")!;

/** Experts that compute at the peak rate, whose weights cost nothing to read; a share of the tokens crowds one group. */
function seconds(experts: number, groups: number, tokens: number, crowded: number): number {
  const constants = [0, 1, 0, 1e9, 1, crowded, 0, 0, 9, 1];
  const shape = {
    kind: "experts" as const,
    experts,
    expertsPerToken: 8,
    intermediateSize: 1024,
    sharedIntermediateSize: 0,
  };
  return expertsSeconds(constants, h200, h200.bf16Flops, 0, shape, 4096, 1, groups, tokens);
}

it("a group of experts waits for the one with the most tokens", () => {
  const alone = seconds(16, 1, 4096, 0);
  expect(alone).toBeCloseTo((6 * 4096 * 8 * 4096 * 1024) / h200.bf16Flops, 9);
  // Eight groups with eight times the tokens have as many each.
  expect(seconds(128, 8, 8 * 4096, 0) / alone).toBeCloseTo(1, 6);
  // Half of them crowd one group and a sixteenth of them is its even share of the rest: 4.5 times as many.
  expect(seconds(128, 8, 8 * 4096, 0.5) / alone).toBeCloseTo(4.5, 6);
  expect(seconds(16, 1, 4096, 0.5)).toBe(alone);
});

/** Time of a model's experts of one layer, µs, their weights split `tensor` ways and they themselves into `groups`. */
function expertLayer(gpu: string, backend: BackendName, model: string, tensor: number, groups: number) {
  const pricer = new RooflinePricer({
    gpu: gpuOf(gpu)!,
    backend,
    model: catalogueModel(model)!,
    tensorParallelSize: tensor * groups,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: tensor,
    expertParallelSize: groups,
    draftTokens: 0,
  });
  return (tokens: number) => pricer.experts(tokens) * 1e3;
}

const counts = [1, 16, 128, 2048, 16_384];

describe("experts spread over groups", () => {
  // Times of one layer of aiconfigurator-core 0.12.0 (vllm 0.24.0, sglang 0.5.14, trtllm 1.3.0rc20) for those counts.
  it.each([
    ["h200_sxm", "vllm", "Qwen/Qwen3-235B-A22B", 1, [93.5, 514, 1140.7, 2037.9, 9548.3]],
    ["h200_sxm", "vllm", "Qwen/Qwen3-235B-A22B", 4, [56.4, 187.2, 329.8, 755.9, 4275.3]],
    ["h200_sxm", "vllm", "Qwen/Qwen3-235B-A22B", 8, [46.6, 125.3, 197.4, 572.7, 3851]],
    ["h200_sxm", "vllm", "Qwen/Qwen3-235B-A22B", 16, [43, 90.4, 125.1, 425.4, 2963.5]],
    ["h200_sxm", "vllm", "deepseek-ai/DeepSeek-R1", 16, [41, 146.4, 226.4, 691.5, 5056.3]],
    ["h100_sxm", "sglang", "openai/gpt-oss-120b", 8, [55.5, 168, 347.4, 791.9, 5396.6]],
    ["h100_sxm", "sglang", "openai/gpt-oss-120b", 16, [55.3, 137.7, 202.5, 591.6, 4124.6]],
    ["b200_sxm", "trtllm", "Qwen/Qwen3-235B-A22B", 8, [32.6, 80, 121, 222.3, 938.5]],
    ["b200_sxm", "vllm", "nvidia/Qwen3-235B-A22B-NVFP4", 1, [21.8, 102.5, 224.4, 403.6, 1706.8]],
    ["b200_sxm", "vllm", "nvidia/Qwen3-235B-A22B-NVFP4", 8, [16.6, 27.2, 48.4, 106.3, 493.1]],
    ["b200_sxm", "vllm", "nvidia/Qwen3-235B-A22B-NVFP4", 16, [16.3, 20.1, 37.9, 81.7, 450.8]],
  ] as const)("come near AIConfigurator's times on %s, %s, %s in %i", (gpu, backend, model, groups, us) => {
    const layer = expertLayer(gpu, backend, model, 1, groups);
    const errors = us.map((expected, i) => Math.abs(layer(counts[i]!) / expected - 1)).toSorted((a, b) => a - b);
    expect(errors[2]).toBeLessThan(0.2);
    expect(errors[4]).toBeLessThan(0.4);
  });

  it("take as long as their busiest group: more than an even share, less than all, of every long prompt", () => {
    for (const { name: gpu } of gpus.filter(({ fp8Flops }) => fp8Flops > 0)) {
      for (const backend of backendNames) {
        for (const model of ["Qwen/Qwen3-235B-A22B", "deepseek-ai/DeepSeek-R1", "openai/gpt-oss-120b"]) {
          const whole = expertLayer(gpu, backend, model, 1, 1)(16_384);
          let fewer = whole;
          for (const groups of [2, 4, 8, 16]) {
            const each = expertLayer(gpu, backend, model, 1, groups)(16_384);
            expect(each * groups, `${gpu} ${backend} ${model}, ${groups} groups`).toBeGreaterThan(whole);
            expect(each, `${gpu} ${backend} ${model}, ${groups} groups`).toBeLessThan(fewer);
            fewer = each;
          }
        }
      }
    }
  });
});
