import { describe, expect, it } from "vitest";
import { backendNames } from "../backend.ts";
import type { Deployment } from "../deployment.ts";
import { gpus } from "../gpu.ts";
import { kvBytesPerToken } from "../sequence-cache.ts";
import { catalogue } from "../model-catalogue.ts";
import { catalogueModel } from "../model-name.ts";
import type { ModelShape } from "../model-shape.ts";
import { computeType, weightBytes } from "../quantization.ts";
import { StepModel } from "../step-model.ts";
import { RooflinePricer } from "./roofline-pricer.ts";

const names = catalogue.flatMap(({ id }) => [id, `${id}-FP8`, `${id}-NVFP4`, `${id}-AWQ`]);
const pairs = gpus.flatMap((gpu) => backendNames.map((backend) => [gpu.name, backend, gpu] as const));

function steps(
  gpu: Deployment["gpu"],
  backend: Deployment["backend"],
  name: string,
): [string, StepModel, ModelShape][] {
  const model = catalogueModel(name)!;
  const hasExperts = model.feedForward.kind === "experts";
  return [1, 8]
    .filter((tp) => model.attention.heads % tp === 0)
    .flatMap((tp) => (hasExperts && tp > 1 ? [[tp, 1] as const, [tp, tp] as const] : [[tp, 1] as const]))
    .map(([tp, groups]) => {
      const deployment: Deployment = {
        gpu,
        backend,
        model,
        tensorParallelSize: tp,
        attentionDataParallelSize: 1,
        expertTensorParallelSize: hasExperts ? tp / groups : 1,
        expertParallelSize: groups,
        draftTokens: 0,
      };
      const split = groups > 1 ? `tp ${tp}, experts in ${groups} groups` : `tp ${tp}`;
      return [`${name} ${split}`, new StepModel(deployment, new RooflinePricer(deployment)), model];
    });
}

/** Collects what is wrong, so that a failure names every case. */
function falls(what: string, times: readonly number[], slack = 0): string[] {
  return times.flatMap((ms, i) => {
    if (!(ms > 0 && Number.isFinite(ms))) return [`${what}: ${ms} ms`];
    return i > 0 && ms < times[i - 1]! * (1 - slack) ? [`${what}: ${times[i - 1]} then ${ms} ms`] : [];
  });
}

describe.each(pairs)("roofline of %s under %s, every catalogue model in four quantisations", (_, backend, gpu) => {
  it("takes longer for more tokens, longer contexts and more sequences", () => {
    const wrong: string[] = [];
    // AIConfigurator measured vLLM's block-FP8 products on B200 launch-bound and with deep saw-teeth (waves of tiles).
    const sawTooth = gpu.name === "b200_sxm" && backend === "vllm" ? 0.08 : 0;
    for (const [what, step] of names.flatMap((name) => steps(gpu, backend, name))) {
      for (const batch of [1, 128]) {
        const contexts = [1, 64, 128, 129, 512, 1024, 4096, 16_384, 131_072];
        wrong.push(
          ...falls(
            `${what} context`,
            contexts.map((context) => step.decodeMs(batch, context)),
            1e-9,
          ),
        );
      }
      const batches = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
      wrong.push(
        ...falls(
          `${what} batch`,
          batches.map((batch) => step.decodeMs(batch, 2048)),
          Math.max(sawTooth, 1e-3),
        ),
      );
      const tokens = [1, 8, 64, 128, 256, 512, 1000, 1024, 2048, 3000, 8192, 65_536];
      wrong.push(
        ...falls(
          `${what} prompt`,
          tokens.map((count) => step.prefillMs(1, count, 0)),
          Math.max(sawTooth, 0.02),
        ),
      );
      // AIConfigurator scales an attention's fixed part by the new share too, so short ones may fall a little.
      const prefixes = [0, 512, 4096, 32_768, 131_072];
      wrong.push(
        ...falls(
          `${what} prefix`,
          prefixes.map((prefix) => step.prefillMs(1, 1024, prefix)),
          0.05,
        ),
      );
    }
    expect(wrong).toEqual([]);
  });

  it("never reads weights and cache faster than the memory, nor computes faster than the peak", () => {
    const wrong: string[] = [];
    for (const [what, step, model] of names.flatMap((name) => steps(gpu, backend, name))) {
      const { attention, feedForward, quantization, layers, hiddenSize } = model;
      if (attention.kind !== "grouped-query" || feedForward.kind !== "dense" || attention.slidingWindow !== null)
        continue;
      const tp = step.deployment.tensorParallelSize;
      const feeding = 3 * hiddenSize * feedForward.intermediateSize;
      const attending = 2 * hiddenSize * (attention.heads + attention.keyValueHeads) * attention.headDimension;
      const weights =
        layers *
        (feeding * weightBytes[quantization.gemm] + attending * weightBytes[quantization.attentionProjections]);
      for (const [batch, context] of [
        [1, 1024],
        [64, 4096],
        [128, 16_384],
      ] as const) {
        const bytes = weights / tp + kvBytesPerToken(step.deployment) * batch * context;
        const least = (bytes / gpu.memoryBandwidth) * 1e3;
        const ms = step.decodeMs(batch, context);
        if (ms < least) wrong.push(`${what} decode ${batch} × ${context}: ${ms} ms, memory needs ${least} ms`);
      }
      const peaks = { bf16: gpu.bf16Flops, fp8: gpu.fp8Flops, fp4: gpu.fp4Flops };
      const peak = peaks[computeType(quantization.gemm)] || gpu.bf16Flops;
      const least = ((2 * 16_384 * layers * (feeding + attending)) / tp / peak) * 1e3;
      const ms = step.prefillMs(1, 16_384, 0);
      if (ms < least) wrong.push(`${what} prefill: ${ms} ms, computing needs ${least} ms`);
    }
    expect(wrong).toEqual([]);
  });
});
