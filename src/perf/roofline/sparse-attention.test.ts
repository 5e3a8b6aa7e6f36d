import { describe, expect, it } from "vitest";
import type { BackendName } from "../backend.ts";
import { gpuOf } from "../gpu.ts";
import { catalogueModel } from "../model-name.ts";
import { StepModel } from "../step-model.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

/** DeepSeek-V3.2 on eight GPUs, a GPU's share of whole experts. */
function deepSeek(gpu: string, backend: BackendName): StepModel {
  const deployment = {
    gpu: gpuOf(gpu)!,
    backend,
    model: catalogueModel("deepseek-ai/DeepSeek-V3.2")!,
    tensorParallelSize: 8,
    attentionDataParallelSize: 1,
    expertTensorParallelSize: 1,
    expertParallelSize: 8,
    draftTokens: 0,
  };
  return new StepModel(deployment, new RooflinePricer(deployment));
}

describe("sparse attention", () => {
  // Pass times of aiconfigurator-core 0.12.0: vllm 0.24.0, sglang 0.5.14, trtllm 1.3.0rc20.
  it.each([
    ["h200_sxm", "sglang", [119.26, 801.24, 796.37], [11.9, 22.16, 36.76]],
    ["b200_sxm", "vllm", [163.88, 522.33, 589.05], [42.81, 33.82, 38.22]],
    ["b200_sxm", "trtllm", [49.96, 383.37, 312.28], [8.75, 18.83, 27.03]],
  ] as const)("comes within a quarter of AIConfigurator's pass times on %s, %s", (gpu, backend, prefills, decodes) => {
    const model = deepSeek(gpu, backend);
    const ours = {
      prefills: [model.prefillMs(1, 1024, 0), model.prefillMs(1, 8192, 0), model.prefillMs(4, 2048, 2048)],
      decodes: [model.decodeMs(1, 1024), model.decodeMs(16, 4096), model.decodeMs(64, 8192)],
    };
    for (const [i, ms] of prefills.entries()) expect(Math.abs(ours.prefills[i]! / ms - 1)).toBeLessThan(0.25);
    for (const [i, ms] of decodes.entries()) expect(Math.abs(ours.decodes[i]! / ms - 1)).toBeLessThan(0.25);
  });

  it("takes no less time just beyond what it looks at", () => {
    for (const gpu of ["h100_sxm", "h200_sxm", "b200_sxm", "b300_sxm", "gb200", "gb300"]) {
      for (const backend of ["vllm", "sglang", "trtllm"] as const) {
        const model = deepSeek(gpu, backend);
        let before = 0;
        for (const length of [1024, 2047, 2048, 2049, 2300, 4096, 8192]) {
          const ms = model.prefillMs(1, length, 0);
          expect(ms, `${gpu} ${backend} ${length}`).toBeGreaterThanOrEqual(before);
          before = ms;
        }
        expect(model.decodeMs(8, 2049)).toBeGreaterThan(model.decodeMs(8, 2048));
      }
    }
  });

  it("scores every earlier token, however few it looks at", () => {
    const model = deepSeek("h200", "vllm");
    const perToken = (length: number) => model.prefillMs(1, length, 0) / length;
    expect(perToken(65_536)).toBeGreaterThan(1.5 * perToken(8192));
    expect(model.decodeMs(64, 65_536)).toBeGreaterThan(1.05 * model.decodeMs(64, 4096));
  });
});
