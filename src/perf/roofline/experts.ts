import type { Gpu } from "../gpu.ts";
import type { ExpertFeedForward } from "../model-shape.ts";

/** A token reaches an expert of the busiest group with at most this probability. */
const LIKELIEST_HIT = 0.999;

/**
 * The routed experts of one layer, in seconds: the tokens reach only some experts, those experts' weights are read and
 * their rows computed; few rows an expert compute badly.
 * @param constants start (µs), compute efficiency, rows an expert at half efficiency, memory efficiency, scale and
 *   power (the last one) of the tokens in the count of experts reached (routing is uneven), share of the tokens that all
 *   go to one expert-parallel group, the others being spread evenly, cost (µs) an expert reached, expert width (in
 *   hundreds) at half efficiency, sharpness of the joint − 1
 * @param flops peak rate of the experts' arithmetic, FLOP/s
 * @param bytesPerWeight of an expert's weights
 * @param tokens tokens of all ranks together
 */
export function expertsSeconds(
  constants: readonly number[],
  gpu: Gpu,
  flops: number,
  bytesPerWeight: number,
  { experts, expertsPerToken, intermediateSize }: ExpertFeedForward,
  hiddenSize: number,
  tensorParallelSize: number,
  expertParallelSize: number,
  tokens: number,
): number {
  const [start, efficiency, halfRows, memoryEfficiency, scale, crowded, perExpert, halfWidth, sharpness, tokenPower] =
    constants as Constants;
  const width = intermediateSize / tensorParallelSize;
  // The layer lasts as long as its busiest group, which gets this many times the rows of an even split: in equal parts
  // because more of its experts are reached and because they are reached more often.
  const uneven = 1 + crowded * (expertParallelSize - 1);
  const hit = Math.min((expertsPerToken / experts) * Math.sqrt(uneven), LIKELIEST_HIT);
  const missed = (1 - hit) ** Math.max(scale * tokens ** tokenPower, 1e-9);
  const reached = (experts / expertParallelSize) * (1 - missed);
  const rows = ((tokens * expertsPerToken) / expertParallelSize) * uneven;
  const rowsEach = rows / reached;
  const got = efficiency * (rowsEach / (rowsEach + halfRows)) * (width / (width + halfWidth * 100));
  const compute = (6 * rows * hiddenSize * width) / (flops * got);
  const bytes = bytesPerWeight * 3 * reached * hiddenSize * width + 2 * rows * (2 * hiddenSize + 3 * width);
  const memory = bytes / (gpu.memoryBandwidth * memoryEfficiency);
  const power = 1 + sharpness;
  const larger = Math.max(compute, memory);
  const work = larger * ((compute / larger) ** power + (memory / larger) ** power) ** (1 / power);
  return (start + perExpert * reached) * 1e-6 + work;
}

type Constants = readonly [number, number, number, number, number, number, number, number, number, number];
