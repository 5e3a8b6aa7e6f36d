import type { Gpu } from "../gpu.ts";

/**
 * Convolution and chunked scan of a gated linear attention layer over a prompt, in seconds.
 * @param constants start (µs), ns per thousand of tokens times channels
 * @param channels width of the values on this GPU
 */
export function linearPrefillSeconds(constants: readonly number[], tokens: number, channels: number): number {
  const [start, perChannel] = constants as readonly [number, number];
  return start * 1e-6 + tokens * channels * perChannel * 1e-12;
}

/**
 * One token of each sequence: every state, in 32-bit numbers, is read and written.
 * @param constants start (µs), memory efficiency
 */
export function linearDecodeSeconds(
  constants: readonly number[],
  gpu: Gpu,
  sequences: number,
  channels: number,
  keyWidth: number,
): number {
  const [start, memoryEfficiency] = constants as readonly [number, number];
  return start * 1e-6 + (8 * sequences * channels * keyWidth) / (gpu.memoryBandwidth * memoryEfficiency);
}
