import type { Gpu } from "../gpu.ts";

/**
 * All-reduce of `bytes` over the GPUs of a tensor-parallel group, in seconds: a one-shot exchange for small messages
 * or a two-step one with another start and bandwidth, whichever is sooner.
 * @param constants start (µs), one-shot bandwidth (GB/s), further start (µs) and bandwidth (GB/s) of the two-step one
 */
export function allReduceSeconds(constants: readonly number[], bytes: number): number {
  const { 0: start, 1: oneShot, 2: furtherStart, 3: twoStep } = constants as readonly [number, number, number, number];
  return Math.min(start * 1e-6 + bytes / (oneShot * 1e9), (start + furtherStart) * 1e-6 + bytes / (twoStep * 1e9));
}

/** What an all-reduce over `to` GPUs takes in units of one over `from`, when only that one was measured. */
export function allReduceStretch(gpu: Gpu, from: number, to: number): number {
  const ring = (to - 1) / to / ((from - 1) / from);
  const leavesNode = to > gpu.gpusPerNode && from <= gpu.gpusPerNode;
  return ring * (leavesNode ? Math.max(1, gpu.linkBandwidth / gpu.networkBandwidth) : 1);
}

/**
 * All-gather or reduce-scatter of `bytes` over `gpus` ranks, in seconds.
 * @param constants start (µs) at two ranks, share of the link bandwidth, further start (µs) a rank
 */
export function gatherSeconds(constants: readonly number[], gpu: Gpu, bytes: number, ranks: number): number {
  const { 0: start, 1: share, 2: perRank } = constants as readonly [number, number, number];
  const bandwidth = ranks > gpu.gpusPerNode ? Math.min(gpu.linkBandwidth, gpu.networkBandwidth) : gpu.linkBandwidth;
  return (start + perRank * (ranks - 2)) * 1e-6 + (bytes * (ranks - 1)) / ranks / (bandwidth * share);
}
