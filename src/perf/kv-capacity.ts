import type { BackendName } from "./backend.ts";
import type { Deployment } from "./deployment.ts";
import { modelBytes } from "./model-weights.ts";
import { kvBytesPerToken, tokensWithin } from "./sequence-cache.ts";

/** How much key-value cache a GPU has room for, and where its memory goes. Bytes of one GPU. */
export interface KvCapacity {
  readonly tokens: number;
  readonly bytesPerToken: number;
  readonly capacityBytes: number;
  readonly weightsBytes: number;
  readonly activationsBytes: number;
  /** Collectives' buffers. */
  readonly communicationBytes: number;
  /** Context, kernels and the like. */
  readonly runtimeBytes: number;
  /** What is left for the cache; negative when the model does not fit. */
  readonly cacheBytes: number;
  readonly memoryFraction: number;
  /** The share is taken of what is free after the model (TensorRT-LLM) or of all memory. */
  readonly fractionOf: "free" | "total";
}

/** Share of the memory the mocker gives a backend when nothing is said (aic-run-findings §4). */
export const defaultMemoryFraction: Readonly<Record<BackendName, number>> = { vllm: 0.9, trtllm: 0.9, sglang: 0.88 };

const MIB = 2 ** 20;
const runtimeReserveBytes = 3.5 * 1024 * MIB;

/** Activations per token and hidden number, by tensor-parallel size 1, 2, 4, 8: AIConfigurator's coefficients. */
const activationCoefficients = {
  sglang: { dense: [14, 8.5, 6.5, 6.5], experts: [28, 17, 13, 13], other: [13, 8, 6.5, 6.5] },
  others: { dense: [11, 6.5, 5, 5], experts: [22, 13, 10, 10], other: [10, 6, 5, 5] },
} as const;

/**
 * Key-value capacity as AIConfigurator estimates it (perf-model-reference §A): memory less weights, activations of the
 * largest pass, collectives and a reserve.
 * @param maxTokensPerPass largest number of tokens a pass computes
 */
export function kvCapacity(deployment: Deployment, maxTokensPerPass: number, memoryFraction: number): KvCapacity {
  const { gpu, backend, tensorParallelSize } = deployment;
  const weightsBytes = modelBytes(deployment);
  const activations = activationBytes(deployment, maxTokensPerPass);
  const communicationBytes = collectiveBytes(tensorParallelSize);
  const runtimeBytes = runtimeReserveBytes * (backend === "sglang" ? 1.2 : 1);
  const used = weightsBytes + activations + communicationBytes + runtimeBytes;
  const free = gpu.memoryBytes - used;
  const budget = backend === "trtllm" ? free * memoryFraction : gpu.memoryBytes * memoryFraction - used;
  return {
    tokens: Math.max(0, Math.floor(tokensWithin(deployment, budget))),
    bytesPerToken: kvBytesPerToken(deployment),
    capacityBytes: gpu.memoryBytes,
    weightsBytes,
    activationsBytes: activations,
    communicationBytes,
    runtimeBytes,
    cacheBytes: budget,
    memoryFraction,
    fractionOf: backend === "trtllm" ? "free" : "total",
  };
}

/** Why a model leaves no room for a cache: the sum, in GiB. */
export function doesNotFitMessage(deployment: Deployment, capacity: KvCapacity): string {
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const { gpu, model, tensorParallelSize } = deployment;
  const share = capacity.fractionOf === "total" ? ` × ${capacity.memoryFraction}` : "";
  return (
    `${model.name} does not fit on ${tensorParallelSize} × ${gpu.name}: a GPU has ${gib(capacity.capacityBytes)} GiB${share}, ` +
    `less weights ${gib(capacity.weightsBytes)}, activations ${gib(capacity.activationsBytes)}, collectives ` +
    `${gib(capacity.communicationBytes)} and runtime ${gib(capacity.runtimeBytes)} GiB leaves ${gib(capacity.cacheBytes)} GiB ` +
    "for the key-value cache; raise the tensor-parallel size, take a smaller quantisation or set num_gpu_blocks"
  );
}

function activationBytes(deployment: Deployment, tokens: number): number {
  const { backend, model, tensorParallelSize, attentionDataParallelSize, expertParallelSize } = deployment;
  const { attention, feedForward } = model;
  const table = backend === "sglang" ? activationCoefficients.sglang : activationCoefficients.others;
  const isOther = attention.kind === "grouped-query" && (attention.linear !== null || model.seesImages);
  const family = isOther ? table.other : feedForward.kind === "experts" ? table.experts : table.dense;
  const coefficient = family[Math.min(3, Math.ceil(Math.log2(tensorParallelSize)))]!;
  const width = attention.heads * attention.headDimension;
  let bytes = 2 * tokens * width * coefficient;
  if (attention.kind === "latent" && feedForward.kind === "experts") {
    const { experts, expertsPerToken } = feedForward;
    const sent = backend === "sglang" ? model.hiddenSize : width;
    bytes += ((tokens * sent * attentionDataParallelSize * experts * expertsPerToken) / expertParallelSize / 128) * 4;
  }
  bytes = Math.max(bytes, (backend === "sglang" ? 90 : 70) * MIB);
  return backend === "sglang" ? bytes * 1.15 : bytes;
}

function collectiveBytes(gpus: number): number {
  if (gpus === 1) return 0;
  return (gpus === 2 ? 342 : 392) * MIB;
}
