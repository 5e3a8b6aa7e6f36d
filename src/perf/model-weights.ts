import type { Deployment } from "./deployment.ts";
import { keyValueHeadsPerGpu } from "./deployment.ts";
import type { ExpertFeedForward, GroupedQueryAttention, LatentAttention } from "./model-shape.ts";
import { weightBytes } from "./quantization.ts";
import { latentWeights } from "./roofline/latent-attention.ts";

/**
 * Weights on one GPU, in bytes, as AIConfigurator counts them: embedding and logits of dense models, one of the two of
 * mixtures; no norms.
 */
export function modelBytes(deployment: Deployment): number {
  const { model, tensorParallelSize: tp } = deployment;
  const { layers, hiddenSize, vocabularySize, attention, feedForward, quantization } = model;
  const vocabulary = (vocabularySize * hiddenSize * 2) / tp;
  const isHybrid = attention.kind === "grouped-query" && attention.linear !== null;
  let total = 0;
  if (attention.kind === "latent") total += vocabulary + vocabulary * tp + layers * latentBytes(deployment, attention);
  else {
    total += feedForward.kind === "dense" || isHybrid ? 2 * vocabulary : vocabulary;
    total += groupedBytes(deployment, attention);
  }
  if (feedForward.kind === "experts") return total + layers * expertBytes(deployment, feedForward, isHybrid);
  const width = Math.ceil(feedForward.intermediateSize / tp);
  return total + layers * 3 * hiddenSize * width * weightBytes[quantization.gemm];
}

/** The attention of all layers, linear ones included. */
function groupedBytes({ model, tensorParallelSize: tp }: Deployment, attention: GroupedQueryAttention): number {
  const { layers, hiddenSize, quantization } = model;
  const { linear } = attention;
  const queries = (attention.heads / tp) * attention.headDimension;
  const keys = keyValueHeadsPerGpu(attention.keyValueHeads, tp) * attention.headDimension;
  const inputs = hiddenSize * (queries * (attention.gatesOutput ? 2 : 1) + 2 * keys);
  const inputBytes = weightBytes[quantization.attentionProjections];
  const outputBytes = weightBytes[quantization.outputProjection];
  const each = inputs * inputBytes + queries * hiddenSize * outputBytes;
  if (linear === null) return layers * each;
  const keyWidth = (linear.keyHeads * linear.headDimension) / tp;
  const valueWidth = (linear.valueHeads * linear.headDimension) / tp;
  // Two gates a head stay in 16 bits.
  const gates = 2 * (linear.valueHeads / tp) * hiddenSize * 2;
  const linearEach = (2 * keyWidth + 3 * valueWidth) * hiddenSize * weightBytes[quantization.linearProjections] + gates;
  return (layers - linear.layers) * each + linear.layers * linearEach;
}

/** The latent attention of a layer; what picks tokens for sparse attention is whole on every GPU. */
function latentBytes({ model, tensorParallelSize: tp }: Deployment, attention: LatentAttention): number {
  const { hiddenSize, quantization } = model;
  const heads = attention.heads / tp;
  const output = heads * attention.valueDimension * hiddenSize;
  const inputs = latentWeights({ attention, heads, hiddenSize }) - output;
  const { indexDimension, indexHeads, queryRank } = attention;
  const index = indexHeads * (queryRank * indexDimension + hiddenSize);
  const inputBytes = weightBytes[quantization.attentionProjections];
  return (inputs + index) * inputBytes + output * weightBytes[quantization.outputProjection];
}

/** Experts and their router, of a layer. */
function expertBytes(
  { model, tensorParallelSize: tp, expertTensorParallelSize, expertParallelSize }: Deployment,
  { experts, intermediateSize, sharedIntermediateSize }: ExpertFeedForward,
  isHybrid: boolean,
): number {
  const { hiddenSize, attention, quantization } = model;
  const split = expertTensorParallelSize * expertParallelSize;
  const routed = (3 * hiddenSize * intermediateSize * experts * weightBytes[quantization.experts]) / split;
  const router = experts * hiddenSize * 2;
  // Beside sparse attention shared experts are split as the routed ones are.
  const isSparse = attention.kind === "latent" && attention.sparseTokens !== null;
  const sharedSplit = isSparse ? expertTensorParallelSize : tp;
  const shared = (3 * hiddenSize * sharedIntermediateSize * weightBytes[quantization.sharedExperts]) / sharedSplit;
  const sharedGate = isHybrid && sharedIntermediateSize > 0 ? hiddenSize * 2 : 0;
  return routed + router + shared + sharedGate;
}
