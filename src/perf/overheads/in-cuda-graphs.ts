import type { Deployment } from "../deployment.ts";
import type { GemmQuantization } from "../quantization.ts";

/**
 * A deployment as a server with CUDA graphs runs it. AIConfigurator measured vLLM's block-FP8 products launched one by
 * one (60-300 µs each, whatever their size); in a server they take about what FP8 products with one scale take, and the
 * difference is part of the overheads.
 */
export function inCudaGraphs(deployment: Deployment): Deployment {
  const { backend, model } = deployment;
  if (backend !== "vllm" || model.quantization.gemm !== "fp8_block") return deployment;
  const fp8 = (kind: GemmQuantization): GemmQuantization => (kind === "fp8_block" ? "fp8" : kind);
  const { quantization } = model;
  return {
    ...deployment,
    model: {
      ...model,
      quantization: {
        ...quantization,
        gemm: "fp8",
        attentionProjections: fp8(quantization.attentionProjections),
        outputProjection: fp8(quantization.outputProjection),
        linearProjections: fp8(quantization.linearProjections),
        sharedExperts: fp8(quantization.sharedExperts),
      },
    },
  };
}
