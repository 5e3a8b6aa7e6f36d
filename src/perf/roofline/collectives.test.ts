import { describe, expect, it } from "vitest";
import type { Deployment } from "../deployment.ts";
import { gpuOf } from "../gpu.ts";
import { catalogueModel } from "../model-name.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

function pricer(gpu: string, changes: Partial<Deployment>): RooflinePricer {
  return new RooflinePricer({
    gpu: gpuOf(gpu)!,
    backend: "vllm",
    model: catalogueModel("deepseek-ai/DeepSeek-R1")!,
    tensorParallelSize: 1,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: 1,
    expertParallelSize: 1,
    draftTokens: 0,
    ...changes,
  });
}

const reduceMs = (gpu: string, tensorParallelSize: number, elements: number) =>
  pricer(gpu, { tensorParallelSize }).allReduce(elements);
const gatherMs = (gpu: string, attentionDataParallelSize: number, elements: number) =>
  pricer(gpu, { attentionDataParallelSize, expertParallelSize: attentionDataParallelSize }).gather(elements);

describe("an all-reduce", () => {
  // perf-model-reference §A: tp > node: × ((tp − 1)/tp · 8/7 · bw_intra/bw_inter).
  it.each([
    ["h200_sxm", 16, ((15 / 16) * (8 / 7) * 450) / 50],
    ["h200_sxm", 32, ((31 / 32) * (8 / 7) * 450) / 50],
    ["a100_sxm", 16, ((15 / 16) * (8 / 7) * 300) / 25],
    // Four GPUs a node, but links as fast between the nodes of a rack; eight were measured.
    ["gb200", 16, (15 / 16) * (8 / 7)],
  ])("over the nodes of %s, %i GPUs, takes what AIConfigurator says of one of eight GPUs", (gpu, gpus, stretch) => {
    for (const elements of [1e4, 1e7]) {
      expect(reduceMs(gpu, gpus, elements) / reduceMs(gpu, 8, elements)).toBeCloseTo(stretch, 9);
    }
  });

  it("costs nothing on one GPU", () => {
    expect(reduceMs("h200_sxm", 1, 1e6)).toBe(0);
  });
});

describe("an all-gather", () => {
  it("sends what other ranks have, over the network where they are on several nodes", () => {
    const elements = 1e9;
    const bytes = 2 * elements;
    for (const [gpu, linkGigabytes, networkGigabytes] of [
      ["h200_sxm", 450, 50],
      ["a100_sxm", 300, 25],
    ] as const) {
      // So much is sent that nothing but the links counts: the same share of their rate at any number of ranks.
      const share = (ranks: number, gigabytes: number) =>
        (((bytes * (ranks - 1)) / ranks / (gigabytes * 1e9)) * 1e3) / gatherMs(gpu, ranks, elements);
      const inside = share(8, linkGigabytes);
      expect(inside).toBeGreaterThan(0.3);
      expect(inside).toBeLessThanOrEqual(1);
      expect(share(2, linkGigabytes) / inside).toBeCloseTo(1, 2);
      expect(share(16, networkGigabytes) / inside).toBeCloseTo(1, 2);
      expect(share(32, networkGigabytes) / inside).toBeCloseTo(1, 2);
    }
  });
});
