/** What a GPU and its node can do at best, from the maker's data sheets (dense rates, one direction of a link). */
export interface Gpu {
  /** AIConfigurator's name: "h200_sxm". */
  readonly name: string;
  /** Memory bandwidth, bytes/s. */
  readonly memoryBandwidth: number;
  /** Memory, bytes. */
  readonly memoryBytes: number;
  /** Dense tensor-core rates, FLOP/s; 0 where the GPU has no such units. */
  readonly bf16Flops: number;
  readonly fp8Flops: number;
  readonly fp4Flops: number;
  /** Bandwidth between GPUs of a node (NVLink or PCIe), bytes/s. */
  readonly linkBandwidth: number;
  /** Bandwidth between nodes per GPU, bytes/s. */
  readonly networkBandwidth: number;
  readonly gpusPerNode: number;
  readonly multiprocessors: number;
  /** GPUs most alike, nearest first: where it was not measured itself, their fitted constants stand in. */
  readonly relatives: readonly string[];
}

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/**
 * Known GPUs. Rates, capacities and link speeds are those of AIConfigurator 0.12's system descriptions (Apache-2.0),
 * which repeat NVIDIA's data sheets; rtx_4090 is from NVIDIA's Ada architecture paper.
 */
export const gpus: readonly Gpu[] = [
  gpu("a100_sxm", 2.039, 80 * GIB, [312, 0, 0], [300, 25, 8], 108, ["h100_sxm"]),
  gpu("a100_pcie", 1.935, 80 * GIB, [312, 0, 0], [32, 25, 8], 108, ["a100_sxm", "h100_sxm"]),
  gpu("a30", 0.933, 24 * GIB, [165, 0, 0], [32, 25, 8], 56, ["a100_sxm", "h100_sxm"]),
  gpu("l4", 0.3, 24 * GIB, [121, 242, 0], [32, 25, 8], 58, ["l40s", "rtx_pro_6000_server", "h100_sxm"]),
  gpu("l40s", 0.864, 46_068 * MIB, [362.05, 733, 0], [32, 50, 8], 142, ["rtx_pro_6000_server", "h100_sxm"]),
  gpu("rtx_4090", 1.008, 24 * GIB, [165.2, 330.3, 0], [32, 25, 8], 128, ["l40s", "rtx_pro_6000_server", "h100_sxm"]),
  gpu("h100_pcie", 2, 80 * GIB, [756.5, 1513, 0], [64, 50, 8], 114, ["h100_sxm"]),
  gpu("h100_sxm", 3.35, 80 * GIB, [989, 1978, 0], [450, 50, 8], 132, ["h200_sxm"]),
  gpu("h200_sxm", 4.8, 141 * GIB, [989, 1978, 0], [450, 50, 8], 132, ["h100_sxm"]),
  gpu("b200_sxm", 7.7, 180 * GIB, [2250, 4500, 9000], [900, 100, 8], 148, ["b300_sxm", "gb200"]),
  gpu("b300_sxm", 7.75, 288_400_343_040, [2250, 4500, 14_000], [900, 100, 8], 148, ["b200_sxm", "gb300"]),
  gpu("gb200", 8, 198_674_743_296, [2500, 5000, 10_000], [900, 900, 4], 148, ["b200_sxm", "gb300"]),
  gpu("gb300", 8, 298_013_687_808, [2500, 5000, 15_000], [900, 900, 4], 148, ["b300_sxm", "gb200"]),
  gpu(
    "rtx_pro_6000_server",
    1.792,
    102_641_958_912,
    [467.800534963698, 935.601069927397, 1871.202139854795],
    [64, 50, 8],
    188,
    ["l40s", "b200_sxm"],
  ),
];

/** Other spellings, without separators. */
const spellings: Readonly<Record<string, string>> = {
  a100: "a100_sxm",
  h100: "h100_sxm",
  h200: "h200_sxm",
  b200: "b200_sxm",
  b300: "b300_sxm",
  "4090": "rtx_4090",
  geforcertx4090: "rtx_4090",
  rtx6000: "rtx_pro_6000_server",
  rtxpro6000: "rtx_pro_6000_server",
  rtxpro6000blackwell: "rtx_pro_6000_server",
  rtxpro6000blackwellserver: "rtx_pro_6000_server",
};

/** Names a GPU goes by: AIConfigurator's and the short forms. */
export const gpuNames: readonly string[] = [...gpus.map(({ name }) => name), ...Object.keys(spellings)];

/** The GPU of a name: AIConfigurator's, or a short form of it ("b200", "H100-SXM", "NVIDIA L40S"). Null if unknown. */
export function gpuOf(name: string): Gpu | null {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "")
    .replace(/^nvidia/, "");
  const known = spellings[plain] ?? plain;
  return gpus.find((candidate) => candidate.name === known || candidate.name.replaceAll("_", "") === known) ?? null;
}

/** Arithmetic that tensor cores have rates for. */
export type ComputeType = "bf16" | "fp8" | "fp4";

/** Dense tensor-core rate, FLOP/s; 0 where the GPU has no such units. */
export function peakFlops(gpu: Gpu, type: ComputeType): number {
  if (type === "bf16") return gpu.bf16Flops;
  return type === "fp8" ? gpu.fp8Flops : gpu.fp4Flops;
}

/** Rate of FP8 arithmetic, FLOP/s: that of bfloat16 where the GPU has no units for it. */
export function fp8FlopsOrBf16(gpu: Gpu): number {
  return gpu.fp8Flops > 0 ? gpu.fp8Flops : gpu.bf16Flops;
}

/** tera = 1e12: bandwidth TB/s; flops TFLOP/s of bf16, fp8, fp4; links GB/s within, between nodes, GPUs a node. */
function gpu(
  name: string,
  memoryTerabytesPerSecond: number,
  memoryBytes: number,
  [bf16, fp8, fp4]: readonly [number, number, number],
  [link, network, gpusPerNode]: readonly [number, number, number],
  multiprocessors: number,
  relatives: readonly string[],
): Gpu {
  return {
    name,
    memoryBandwidth: memoryTerabytesPerSecond * 1e12,
    memoryBytes,
    bf16Flops: bf16 * 1e12,
    fp8Flops: fp8 * 1e12,
    fp4Flops: fp4 * 1e12,
    linkBandwidth: link * 1e9,
    networkBandwidth: network * 1e9,
    gpusPerNode,
    multiprocessors,
    relatives,
  };
}
