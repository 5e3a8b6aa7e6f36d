import type { Deployment } from "../deployment.ts";

/** Kinds of layers whose times in a server differ alike from their kernels' measured alone. */
export const kernelFamilies = ["dense", "denseFp4", "experts16", "expertsFp8", "expertsFp4", "expertsMxfp4"] as const;
/** One of `kernelFamilies`. */
export type KernelFamily = (typeof kernelFamilies)[number];

/** The family of a deployment's layers: dense or experts, by the arithmetic the GPU runs the feed-forward in. */
export function kernelFamily({ gpu, model }: Deployment): KernelFamily {
  const { feedForward, quantization } = model;
  if (feedForward.kind === "dense") {
    return quantization.gemm === "nvfp4" && gpu.fp4Flops > 0 ? "denseFp4" : "dense";
  }
  switch (quantization.experts) {
    case "nvfp4":
      return gpu.fp4Flops > 0 ? "expertsFp4" : "experts16";
    case "w4a16_mxfp4":
    case "int4_wo":
      return "expertsMxfp4";
    case "fp8":
    case "fp8_block":
      return gpu.fp8Flops > 0 ? "expertsFp8" : "experts16";
    default:
      return "experts16";
  }
}
