import type { Deployment } from "../deployment.ts";

/**
 * A deployment as a server with CUDA graphs runs it. AIConfigurator measured vLLM's block-FP8 products launched one by
 * one (60-300 µs each, whatever their size); in a server they take about what FP8 products with one scale take, and the
 * difference is part of the overheads.
 */
export function inCudaGraphs(deployment: Deployment): Deployment {
  const { backend, model } = deployment;
  if (backend !== "vllm" || model.quantization.gemm !== "fp8_block") return deployment;
  const { attentionProjections } = model.quantization;
  return {
    ...deployment,
    model: {
      ...model,
      quantization: {
        ...model.quantization,
        gemm: "fp8",
        attentionProjections: attentionProjections === "fp8_block" ? "fp8" : attentionProjections,
      },
    },
  };
}
