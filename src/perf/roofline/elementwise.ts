import type { Gpu } from "../gpu.ts";

/** Reading and writing `bytes` element by element, in seconds: AIConfigurator's own rule, 80 % of the bandwidth + 3 µs. */
export function elementwiseSeconds(gpu: Gpu, bytes: number): number {
  return bytes / (0.8 * gpu.memoryBandwidth) + 3e-6;
}
