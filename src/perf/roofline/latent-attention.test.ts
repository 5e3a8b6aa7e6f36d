import { expect, it } from "vitest";
import type { BackendName } from "../backend.ts";
import { gpuOf } from "../gpu.ts";
import { catalogueModel } from "../model-name.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

/** One layer's attention of Kimi-K2.5 (projections and cache in 16 bits) on one of `gpus` GPUs, in µs. */
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
  const us = (seconds: number) => seconds * 1e6;
  return {
    prefill: (tokens: number) => us(pricer.prefill(1, tokens, 0)),
    decode: (requests: number, context: number) => us(pricer.decode(requests, context)),
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
