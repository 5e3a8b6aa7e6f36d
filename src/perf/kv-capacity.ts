import type { BackendName } from "./backend.ts";
import type { Deployment } from "./deployment.ts";
import { keyValueHeadsPerGpu } from "./deployment.ts";
import { cacheBytes, weightBytes } from "./quantization.ts";
import { latentWeights } from "./roofline/latent-attention.ts";

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
    tokens: Math.max(0, Math.floor(tokensFor(deployment, budget))),
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

/** Bytes a cached token takes on one GPU, windowed layers counted whole. */
export function kvBytesPerToken({ model, tensorParallelSize }: Deployment): number {
  const { attention, layers, quantization } = model;
  const bytes = cacheBytes[quantization.cache];
  if (attention.kind === "latent") return layers * (attention.keyValueRank + attention.rotaryDimension) * bytes;
  const heads = keyValueHeadsPerGpu(attention.keyValueHeads, tensorParallelSize);
  return (layers - (attention.linear?.layers ?? 0)) * 2 * heads * attention.headDimension * bytes;
}

/** Tokens a sequence may have with `budget` bytes of cache; windowed layers stop growing at their window. */
function tokensFor(deployment: Deployment, budget: number): number {
  const perToken = kvBytesPerToken(deployment);
  const { attention, layers } = deployment.model;
  const window = attention.kind === "grouped-query" ? attention.slidingWindow : null;
  // Windows in every layer bound a sequence's cache, but blocks are still handed out as if they grew.
  if (window === null || window.layers >= layers) return budget / perToken;
  const windowed = (perToken * window.layers) / layers;
  return Math.max(budget / perToken, (budget - windowed * window.tokens) / (perToken - windowed));
}

/** Weights on one GPU. AIConfigurator counts embedding and logits of dense models, one of the two of mixtures. */
function modelBytes({
  model,
  tensorParallelSize: tp,
  expertTensorParallelSize,
  expertParallelSize,
}: Deployment): number {
  const { layers, hiddenSize, vocabularySize, attention, feedForward, quantization } = model;
  const vocabulary = (vocabularySize * hiddenSize * 2) / tp;
  let perLayer = 0;
  let total = 0;
  if (attention.kind === "grouped-query") {
    const queries = (attention.heads / tp) * attention.headDimension;
    const keys = keyValueHeadsPerGpu(attention.keyValueHeads, tp) * attention.headDimension;
    const projections = hiddenSize * (queries * (attention.gatesOutput ? 2 : 1) + 2 * keys) + queries * hiddenSize;
    const linear = attention.linear;
    const bytes = weightBytes[quantization.attentionProjections];
    total += (layers - (linear?.layers ?? 0)) * projections * bytes;
    if (linear !== null) {
      const width = (linear.headDimension * (2 * linear.keyHeads + 3 * linear.valueHeads)) / tp;
      total += linear.layers * width * hiddenSize * bytes;
    }
    total += feedForward.kind === "dense" || linear !== null ? 2 * vocabulary : vocabulary;
  } else {
    perLayer +=
      latentWeights({ attention, heads: attention.heads / tp, hiddenSize }) *
      weightBytes[quantization.attentionProjections];
    total += vocabulary + vocabulary * tp;
  }
  if (feedForward.kind === "dense") {
    perLayer += 3 * hiddenSize * Math.ceil(feedForward.intermediateSize / tp) * weightBytes[quantization.gemm];
  } else {
    const { experts, intermediateSize, sharedIntermediateSize } = feedForward;
    const routed = 3 * hiddenSize * intermediateSize * experts * weightBytes[quantization.experts];
    perLayer += routed / (expertTensorParallelSize * expertParallelSize);
    perLayer += experts * hiddenSize * 2;
    perLayer += ((3 * hiddenSize * sharedIntermediateSize) / tp) * weightBytes[quantization.gemm];
  }
  return total + perLayer * layers;
}

function activationBytes(deployment: Deployment, tokens: number): number {
  const { backend, model, tensorParallelSize, attentionDataParallelSize, expertParallelSize } = deployment;
  const { attention, feedForward } = model;
  const table = backend === "sglang" ? activationCoefficients.sglang : activationCoefficients.others;
  const hasLinear = attention.kind === "grouped-query" && attention.linear !== null;
  const family = hasLinear ? table.other : feedForward.kind === "experts" ? table.experts : table.dense;
  const coefficient = family[Math.min(3, Math.ceil(Math.log2(tensorParallelSize)))]!;
  const width = attention.kind === "latent" ? model.hiddenSize : attention.heads * attention.headDimension;
  let bytes = 2 * tokens * width * coefficient;
  if (attention.kind === "latent" && feedForward.kind === "experts") {
    const { experts, expertsPerToken } = feedForward;
    bytes += ((tokens * width * attentionDataParallelSize * experts * expertsPerToken) / expertParallelSize / 128) * 4;
  }
  bytes = Math.max(bytes, (backend === "sglang" ? 90 : 70) * MIB);
  return backend === "sglang" ? bytes * 1.15 : bytes;
}

function collectiveBytes(gpus: number): number {
  if (gpus === 1) return 0;
  return (gpus === 2 ? 342 : 392) * MIB;
}
