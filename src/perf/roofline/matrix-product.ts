import type { Gpu } from "../gpu.ts";

/** Edge of the output tile a thread block computes. */
const TILE = 128;

/**
 * Time of a matrix product in seconds: a fixed start, then the slower of computing and moving data, smoothly joined,
 * with a floor where the host launches each product.
 * @param constants start (µs), compute efficiency, weight size (1e6 numbers) at half efficiency, memory efficiency,
 *   floor (µs), share of the last, partly filled wave that is felt, rows at half efficiency
 * @param flops peak rate of the arithmetic, FLOP/s
 * @param bytesPerWeight of all three matrices' quantised numbers
 */
export function matrixProductSeconds(
  constants: readonly number[],
  gpu: Gpu,
  flops: number,
  bytesPerWeight: number,
  rows: number,
  columns: number,
  depth: number,
): number {
  const {
    0: start,
    1: efficiency,
    2: halfSize,
    3: memoryEfficiency,
    4: floor,
    5: waveShare,
    6: halfRows,
  } = constants as Constants;
  const weights = columns * depth;
  const waves = (Math.ceil(rows / TILE) * Math.ceil(columns / TILE)) / gpu.multiprocessors;
  const waveLoss = 1 + waveShare * (Math.min(Math.ceil(waves) / waves, 3) - 1);
  const reached = efficiency * (weights / (weights + halfSize * 1e6)) * (rows / (rows + halfRows));
  const compute = ((2 * rows * weights) / (flops * reached)) * waveLoss;
  const bytes = bytesPerWeight * (weights + rows * depth) + 2 * rows * columns;
  const memory = bytes / (gpu.memoryBandwidth * memoryEfficiency);
  const time = start * 1e-6 + (compute ** 4 + memory ** 4) ** 0.25;
  return (time ** 6 + (floor * 1e-6) ** 6) ** (1 / 6);
}

type Constants = readonly [number, number, number, number, number, number, number];
