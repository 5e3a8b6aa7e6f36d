import { expect, it } from "vitest";
import { gpuOf } from "../gpu.ts";
import { expertsSeconds } from "./experts.ts";

const gpu = gpuOf("h200")!;

/** Experts that compute at the peak rate, whose weights cost nothing to read; routed unevenly by `imbalance`. */
function seconds(experts: number, groups: number, tokens: number, imbalance: number): number {
  const constants = [0, 1, 0, 1e9, 1, imbalance, 0, 0, 9, 1];
  const shape = {
    kind: "experts" as const,
    experts,
    expertsPerToken: 8,
    intermediateSize: 1024,
    sharedIntermediateSize: 0,
  };
  return expertsSeconds(constants, gpu, gpu.bf16Flops, 0, shape, 4096, 1, groups, tokens);
}

it("a group of experts waits for the one with the most tokens", () => {
  const alone = seconds(16, 1, 4096, 0);
  expect(alone).toBeCloseTo((6 * 4096 * 8 * 4096 * 1024) / gpu.bf16Flops, 9);
  // Eight groups with eight times the tokens have as many each.
  expect(seconds(128, 8, 8 * 4096, 0) / alone).toBeCloseTo(1, 6);
  expect(seconds(128, 8, 8 * 4096, 0.25) / alone).toBeCloseTo(1.25, 6);
  expect(seconds(16, 1, 4096, 0.25)).toBe(alone);
});
