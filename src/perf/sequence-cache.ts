import type { Deployment } from "./deployment.ts";
import { keyValueHeadsPerGpu } from "./deployment.ts";
import type { LatentAttention } from "./model-shape.ts";
import { cacheBytes } from "./quantization.ts";
import { indexBytesPerToken } from "./roofline/latent-attention.ts";

/** Tokens the convolution before linear attention looks at (Qwen3.5). */
const CONVOLUTION_TOKENS = 4;

/** Bytes a cached token takes on one GPU, windowed layers counted whole. */
export function kvBytesPerToken({ model, tensorParallelSize }: Deployment): number {
  const { attention, layers, quantization } = model;
  const bytes = cacheBytes[quantization.cache];
  if (attention.kind === "latent") return layers * latentBytesPerToken(attention, bytes);
  const heads = keyValueHeadsPerGpu(attention.keyValueHeads, tensorParallelSize);
  return (layers - (attention.linear?.layers ?? 0)) * 2 * heads * attention.headDimension * bytes;
}

/** A layer's share of a token; with sparse attention the rotary part stays in 16 bits, beside FP8 keys of an index. */
function latentBytesPerToken(attention: LatentAttention, bytes: number): number {
  const { keyValueRank, rotaryDimension, indexDimension } = attention;
  if (indexDimension === 0) return (keyValueRank + rotaryDimension) * bytes;
  return keyValueRank * bytes + 2 * rotaryDimension + indexBytesPerToken(attention);
}

/** State of linear attention a sequence holds on one GPU: 32-bit numbers, and what its convolution looks back to. */
function stateBytes({ model, tensorParallelSize: tp }: Deployment): number {
  const { attention } = model;
  if (attention.kind === "latent" || attention.linear === null) return 0;
  const { layers, keyHeads, valueHeads, headDimension } = attention.linear;
  const state = (valueHeads / tp) * headDimension * headDimension * 4;
  const convolution = ((2 * keyHeads + valueHeads) * headDimension * (CONVOLUTION_TOKENS - 1) * 2) / tp;
  return layers * (state + convolution);
}

/** Tokens a sequence may have with `budget` bytes of cache; windowed layers stop growing at their window. */
export function tokensWithin(deployment: Deployment, budget: number): number {
  const perToken = kvBytesPerToken(deployment);
  const { attention, layers } = deployment.model;
  const window = attention.kind === "grouped-query" ? attention.slidingWindow : null;
  // Windows in every layer bound a sequence's cache, but blocks are still handed out as if they grew.
  if (window === null || window.layers >= layers) return (budget - stateBytes(deployment)) / perToken;
  const windowed = (perToken * window.layers) / layers;
  return Math.max(budget / perToken, (budget - windowed * window.tokens) / (perToken - windowed));
}
