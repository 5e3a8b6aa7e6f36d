import type { BackendName } from "../backend.ts";
import type { Gpu } from "../gpu.ts";

/**
 * Attention kernels in the order AIConfigurator prefers them (its attention_lane_defaults.yaml): a slice of the table
 * is read from the first kernel that measured it.
 */
export function kernelLanes(gpu: Gpu, backend: BackendName): readonly string[] {
  if (backend === "trtllm") return ["torch_flow"];
  const hopper = gpu.name.startsWith("h100") || gpu.name.startsWith("h200");
  if (backend === "vllm") return hopper ? ["fa3", "fa4", "flashinfer"] : ["trtllm", "flashinfer", "fa4", "fa3", "fa2"];
  if (hopper || gpu.name.startsWith("a")) return ["fa3", "triton", "flashinfer"];
  return gpu.name.startsWith("rtx") ? ["flashinfer", "triton"] : ["triton", "trtllm", "flashinfer"];
}

/** Place of a kernel in the order; unknown ones come last. */
export function laneRank(lanes: readonly string[], kernel: string): number {
  const rank = lanes.findIndex((lane) => kernel.includes(lane));
  return rank < 0 ? lanes.length : rank;
}
