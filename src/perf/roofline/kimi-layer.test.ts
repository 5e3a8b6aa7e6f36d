import { expect, it } from "vitest";
import type { BackendName } from "../backend.ts";
import { gpuOf } from "../gpu.ts";
import { catalogueModel } from "../model-name.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

/** A layer of Kimi-K2.5 (attention in 16 bits, experts in 4) on one of `gpus` GPUs, in µs. */
function kimi(gpu: string, backend: BackendName, gpus: number) {
  const pricer = new RooflinePricer({
    gpu: gpuOf(gpu)!,
    backend,
    model: catalogueModel("moonshotai/Kimi-K2.5")!,
    tensorParallelSize: gpus,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: 1,
    expertParallelSize: gpus,
    draftTokens: 0,
  });
  return {
    prefill: (tokens: number) => pricer.prefillAttention(1, tokens, 0) * 1e3,
    decode: (requests: number, context: number) => pricer.decodeAttention(requests, context) * 1e3,
    experts: (tokens: number) => pricer.experts(tokens) * 1e3,
  };
}

// Times of one layer of aiconfigurator-core 0.12.0: vllm 0.24.0, sglang 0.5.14.
it.each([
  ["h100_sxm", "sglang", [143.3, 2525.8, 53.1, 256.1]],
  ["h200_sxm", "vllm", [193.7, 1063.3, 87.4, 247.7]],
  ["h200_sxm", "sglang", [131.3, 2605.2, 53.1, 194.7]],
  ["b200_sxm", "sglang", [77.9, 615.4, 44.9, 155.7]],
  ["b200_sxm", "vllm", [86.8, 403.6, 37.4, 161.1]],
] as const)("latent attention in 16 bits comes within a fifth of AIConfigurator's on %s, %s", (gpu, backend, us) => {
  const block = kimi(gpu, backend, 8);
  const ours = [block.prefill(1024), block.prefill(8192), block.decode(1, 1024), block.decode(64, 8192)];
  for (const [i, expected] of us.entries()) expect(Math.abs(ours[i]! / expected - 1)).toBeLessThan(0.2);
});

it.each([
  ["h100_sxm", "sglang", [33.0, 132.1, 340.9, 893.6, 2773.3, 19291.0]],
  ["h200_sxm", "vllm", [55.8, 118.6, 313.5, 898.7, 2753.4, 19432.4]],
  ["h200_sxm", "sglang", [32.2, 110.6, 309.4, 884.0, 2498.9, 17111.8]],
  ["b200_sxm", "sglang", [39.6, 106.0, 246.8, 352.7, 936.7, 6023.9]],
  ["b200_sxm", "vllm", [60.8, 110.9, 284.7, 876.5, 2641.9, 17721.6]],
] as const)("experts in 4 bits come within a third of AIConfigurator's on %s, %s", (gpu, backend, us) => {
  const block = kimi(gpu, backend, 8);
  const ours = [1, 8, 64, 512, 4096, 32_768].map((tokens) => block.experts(tokens));
  for (const [i, expected] of us.entries()) expect(Math.abs(ours[i]! / expected - 1)).toBeLessThan(1 / 3);
});
