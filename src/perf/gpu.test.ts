import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { hasShared, sharedPath } from "../../test/shared-data.ts";
import { gpuOf, gpus } from "./gpu.ts";

describe("known GPUs", () => {
  it.skipIf(!hasShared)("have the figures of AIConfigurator's own description (needs ../shared)", () => {
    const { gpu, node } = parse(readFileSync(sharedPath("perf", "aic", "h200_sxm.yaml"), "utf8")) as Record<
      "gpu" | "node",
      Readonly<Record<string, number>>
    >;
    expect(gpuOf("h200_sxm")).toMatchObject({
      memoryBandwidth: gpu["mem_bw"],
      memoryBytes: gpu["mem_capacity"],
      bf16Flops: gpu["bfloat16_tc_flops"],
      fp8Flops: gpu["fp8_tc_flops"],
      linkBandwidth: node["intra_node_bw"],
      networkBandwidth: node["inter_node_bw"],
      gpusPerNode: node["num_gpus_per_node"],
    });
  });

  it("are found by every spelling of their name, and stand in only for one another", () => {
    const names = new Set(gpus.map(({ name }) => name));
    expect(names.size).toBe(gpus.length);
    for (const gpu of gpus) {
      for (const spelling of [gpu.name, gpu.name.toUpperCase().replaceAll("_", "-"), `NVIDIA ${gpu.name}`]) {
        expect(gpuOf(spelling)).toBe(gpu);
      }
      for (const relative of gpu.relatives) expect(names).toContain(relative);
      expect(gpu.relatives).not.toContain(gpu.name);
    }
    expect(gpuOf("h20")).toBeNull();
  });
});
