import { describe, expect, it } from "vitest";
import { gpuOf } from "../gpu.ts";
import type { Deployment } from "../deployment.ts";
import { loadModel } from "../load-model.ts";
import { rooflinePerfModel } from "../roofline/roofline-perf-model.ts";
import type { ObservedDeployment } from "./fit-overheads.ts";
import { fitFrontEnd, fitRuntimeOverheads } from "./fit-overheads.ts";
import { inCudaGraphs } from "./in-cuda-graphs.ts";
import { kernelFamily } from "./kernel-family.ts";
import { OverheadPerfModel, stepModelBehind } from "./overhead-perf-model.ts";
import { noOverheads, runOverheads, serverRuntime } from "./run-overheads.ts";

const deployment = async (
  model: string,
  system = "h200_sxm",
  changes: Partial<Deployment> = {},
): Promise<Deployment> => ({
  gpu: gpuOf(system)!,
  backend: "vllm",
  model: await loadModel(model),
  tensorParallelSize: 1,
  attentionDataParallelSize: 1,
  expertTensorParallelSize: 1,
  expertParallelSize: 1,
  draftTokens: 0,
  ...changes,
});

describe("kernelFamily", () => {
  it.each([
    ["meta-llama/Llama-3.1-8B", "h200_sxm", "dense"],
    ["nvidia/Llama-3.1-8B-Instruct-FP8", "h200_sxm", "dense"],
    ["nvidia/Qwen3-32B-NVFP4", "b200_sxm", "denseFp4"],
    ["nvidia/Qwen3-32B-NVFP4", "h200_sxm", "dense"],
    ["Qwen/Qwen3-30B-A3B", "h200_sxm", "experts16"],
    ["MiniMaxAI/MiniMax-M2.5", "h200_sxm", "expertsFp8"],
    ["MiniMaxAI/MiniMax-M2.5", "a100_sxm", "experts16"],
    ["openai/gpt-oss-120b", "h200_sxm", "expertsMxfp4"],
  ])("%s on %s is %s", async (model, system, family) => {
    expect(kernelFamily(await deployment(model, system))).toBe(family);
  });
});

describe("serverRuntime", () => {
  it("tells vLLM before 0.14 apart", () => {
    expect(serverRuntime("vllm", "0.12.0")).toBe("vllm-serial");
    expect(serverRuntime("vllm", "v0.13.1")).toBe("vllm-serial");
    expect(serverRuntime("vllm", "0.14.0")).toBe("vllm");
    expect(serverRuntime("vllm", null)).toBe("vllm");
    expect(serverRuntime("vllm", "1.0")).toBe("vllm");
    expect(serverRuntime("sglang", "0.5.9")).toBe("sglang");
  });
});

describe("OverheadPerfModel", () => {
  it("adds the terms, and nothing where there are none", async () => {
    const where = await deployment("meta-llama/Llama-3.1-8B");
    const base = rooflinePerfModel(where);
    const same = new OverheadPerfModel(base, runOverheads(where, "vllm", noOverheads));
    expect(same.prefillMs(1, 1000, 0)).toBe(base.prefillMs(1, 1000, 0));
    expect(same.decodeMs(8, 1000, 0, 1)).toBe(base.decodeMs(8, 1000));
    const constants = {
      ...noOverheads,
      hostMs: 1,
      hostPerSequenceMs: 0.1,
      promptPassPerLayerUs: 10,
      perLayerUs: { dense: 5 },
    };
    const added = new OverheadPerfModel(base, runOverheads(where, "vllm", constants));
    expect(added.prefillMs(1, 1000, 0) - base.prefillMs(1, 1000, 0)).toBeCloseTo(0.32, 9);
    expect(added.decodeMs(8, 1000, 0, 1) - base.decodeMs(8, 1000)).toBeCloseTo(1 + 0.8 + 0.16, 9);
    expect(stepModelBehind(added)).toBe(base);
  });

  it("adds what experts spread over groups cost, where they are", async () => {
    const constants = { ...noOverheads, hostMs: 1, expertGroupsPerLayerUs: 20, perLayerUs: { experts16: 5 } };
    const added = async (expertParallelSize: number, draftTokens = 0) => {
      const split = { expertTensorParallelSize: 4 / expertParallelSize, expertParallelSize, tensorParallelSize: 4 };
      const where = await deployment("Qwen/Qwen3-30B-A3B", "h200_sxm", { ...split, draftTokens });
      return runOverheads(where, "vllm", constants).decodePassMs;
    };
    expect(await added(1)).toBeCloseTo(1 + 48 * 0.005, 9);
    expect(await added(4)).toBeCloseTo(1 + 48 * 0.025, 9);
    expect(await added(4, 2)).toBeCloseTo(1 + 50 * 0.025, 9);
  });

  it("never takes less than half of the modelled time", async () => {
    const where = await deployment("meta-llama/Llama-3.1-8B");
    const base = rooflinePerfModel(where);
    const constants = { ...noOverheads, perLayerUs: { dense: -1000 } };
    const model = new OverheadPerfModel(base, runOverheads(where, "vllm", constants));
    expect(model.decodeMs(8, 1000, 0, 1)).toBe(base.decodeMs(8, 1000) / 2);
  });
});

describe("inCudaGraphs", () => {
  it("prices vLLM's block-FP8 products without launches, and nothing else differently", async () => {
    const block = await deployment("Qwen/Qwen3-32B-FP8");
    const launched = rooflinePerfModel(block).decodeMs(4, 1000);
    const inGraphs = rooflinePerfModel(inCudaGraphs(block)).decodeMs(4, 1000);
    expect(inGraphs).toBeLessThan(0.7 * launched);
    expect(inCudaGraphs({ ...block, backend: "sglang" })).toEqual({ ...block, backend: "sglang" });
    const plain = await deployment("meta-llama/Llama-3.1-8B");
    expect(inCudaGraphs(plain)).toBe(plain);
  });
});

describe("fitRuntimeOverheads", () => {
  const observed = (truth: { host: number; perSequence: number; perLayerUs: number }): ObservedDeployment[] =>
    [1, 8, 64, 256].flatMap((sequences) =>
      [32, 64, 80].flatMap((layers) =>
        [0.05, 0.5].map((promptPasses) => {
          const modelledMs = layers * 0.1 + sequences * 0.02;
          const added = truth.host + truth.perSequence * sequences + (truth.perLayerUs * layers) / 1e3;
          return {
            runtime: "sglang" as const,
            family: "dense" as const,
            layers,
            hasExpertGroups: false,
            sequencesPerPass: sequences,
            promptPassesPerPass: promptPasses,
            share: 1,
            modelledMs,
            measuredMs: modelledMs + added,
          };
        }),
      ),
    );

  it("finds terms above and below 0", () => {
    for (const perLayerUs of [20, -20]) {
      // As many as published deployments have: the pull to 0 counts little then.
      const once = observed({ host: 1, perSequence: 0.02, perLayerUs });
      const rows = Array.from({ length: 20 }, () => once).flat();
      const found = fitRuntimeOverheads(rows).get("sglang")!;
      for (const row of rows) {
        const added =
          found.hostMs + found.hostPerSequenceMs * row.sequencesPerPass + (found.perLayerUs.dense! * row.layers) / 1e3;
        const prompt = (found.promptPassPerLayerUs * row.promptPassesPerPass * row.layers) / 1e3;
        expect(Math.abs((row.modelledMs + added + prompt) / row.measuredMs - 1)).toBeLessThan(0.04);
      }
    }
  });

  it("finds nothing where nothing is added, and little in a few outliers", () => {
    const exact = observed({ host: 0, perSequence: 0, perLayerUs: 0 });
    const none = fitRuntimeOverheads(exact).get("sglang")!;
    expect([none.hostMs, none.hostPerSequenceMs, none.promptPassPerLayerUs, none.perLayerUs.dense]).toEqual([
      0, 0, 0, 0,
    ]);
    const spoiled = exact.map((row, i) => (i % 12 === 0 ? { ...row, measuredMs: 10 * row.measuredMs } : row));
    expect(fitRuntimeOverheads(spoiled).get("sglang")!.hostMs).toBeLessThan(0.3);
  });
});

describe("fitFrontEnd", () => {
  it("finds a fixed time and one per prompt token", () => {
    const lengths = Array.from({ length: 50 }, () => [256, 1024, 4096, 8192]).flat();
    const rows = lengths.map((promptTokens) => ({
      promptTokens,
      modelledMs: promptTokens / 40,
      measuredMs: promptTokens / 40 + 25 + 0.01 * promptTokens,
    }));
    const { frontEndMs, frontEndPerPromptTokenUs } = fitFrontEnd(rows);
    expect(frontEndMs).toBeGreaterThan(22);
    expect(frontEndMs).toBeLessThan(28);
    expect(frontEndPerPromptTokenUs).toBeGreaterThan(8);
    expect(frontEndPerPromptTokenUs).toBeLessThan(12);
  });
});
