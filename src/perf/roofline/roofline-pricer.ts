import type { Deployment } from "../deployment.ts";
import { fp8FlopsOrBf16, peakFlops, type ComputeType, type Gpu } from "../gpu.ts";
import type { ExpertFeedForward, GroupedQueryAttention, LatentAttention } from "../model-shape.ts";
import type { OperationPricer } from "../operation-pricer.ts";
import type { ExpertQuantization, GemmQuantization } from "../quantization.ts";
import { cacheBytes, computeType, weightBytes } from "../quantization.ts";
import type { AttentionShare } from "./attention.ts";
import { attentionShare, decodeAttentionSeconds, prefillAttentionSeconds } from "./attention.ts";
import { allReduceSeconds, allReduceStretch, gatherSeconds } from "./collectives.ts";
import type { ExpertKind, GemmKind } from "./constants.ts";
import { fittedConstants } from "./constants.ts";
import { elementwiseSeconds } from "./elementwise.ts";
import { expertsSeconds } from "./experts.ts";
import type { LatentShare } from "./latent-attention.ts";
import { latentDecodeSeconds, latentPrefillSeconds } from "./latent-attention.ts";
import { sparseDecodeSeconds, sparsePrefillSeconds } from "./sparse-attention.ts";
import { linearDecodeSeconds, linearPrefillSeconds } from "./linear-attention.ts";
import { matrixProductSeconds } from "./matrix-product.ts";

/** Bytes of an expert weight as the kernels stream it: 4-bit weights carry a scale per 32 (mxfp4). */
const streamedMxfp4Bytes = 0.53125;

/** Prices single operations with the fitted roofline; what the GPU cannot compute in low precision runs in bf16. */
export class RooflinePricer implements OperationPricer {
  private readonly deployment: Deployment;
  private readonly matrixProducts = new Map<string, MatrixProductRule>();
  private readonly reduceConstants: readonly number[];
  private readonly reduceStretch: number;
  private readonly gatherConstants: readonly number[];
  private readonly prefill: (requests: number, newTokens: number, prefixTokens: number) => number;
  private readonly decode: (requests: number, contextTokens: number) => number;
  private readonly routed: (tokens: number) => number;
  private linearConstants: { readonly prefill: readonly number[]; readonly decode: readonly number[] } | null = null;

  constructor(deployment: Deployment) {
    this.deployment = deployment;
    const { gpu, backend, model, tensorParallelSize: tp } = deployment;
    const measured = [2, 4, 8].find((gpus) => gpus >= tp) ?? 8;
    this.reduceConstants = need(fittedConstants(gpu, backend, ({ allReduce }) => allReduce[measured]));
    this.reduceStretch = tp > 1 ? allReduceStretch(gpu, measured, tp) : 0;
    this.gatherConstants = need(fittedConstants(gpu, backend, ({ gather }) => gather));
    const { attention, feedForward } = model;
    if (attention.kind === "grouped-query") {
      const share = attentionShare(deployment, attention);
      this.prefill = groupedPrefill(deployment, attention, share);
      this.decode = groupedDecode(deployment, attention, share);
    } else {
      const share: LatentShare = {
        attention,
        heads: attention.heads / tp,
        hiddenSize: model.hiddenSize,
        bytesPerWeight: weightBytes[model.quantization.attentionProjections],
        flops: computeType(model.quantization.attentionProjections) === "bf16" ? gpu.bf16Flops : fp8FlopsOrBf16(gpu),
        cacheBytes: cacheBytes[model.quantization.cache],
      };
      const { prefillSeconds, decodeSeconds, prefill, decode } = latentRule(deployment, attention);
      this.prefill = (requests, newTokens, prefix) => prefillSeconds(prefill, gpu, share, requests, newTokens, prefix);
      this.decode = (requests, context) => decodeSeconds(decode, gpu, share, requests, context);
    }
    this.routed = feedForward.kind === "experts" ? routedExperts(deployment, feedForward) : () => 0;
  }

  memory(bytes: number): number {
    return elementwiseSeconds(this.deployment.gpu, bytes) * 1e3;
  }

  gemm(
    rows: number,
    columns: number,
    depth: number,
    quantization: GemmQuantization,
    lowPrecisionInput: boolean,
  ): number {
    const { gpu } = this.deployment;
    const { constants, flops, bytes } = this.matrixProduct(quantization, lowPrecisionInput);
    return matrixProductSeconds(constants, gpu, flops, bytes, rows, columns, depth) * 1e3;
  }

  prefillAttention(requests: number, newTokens: number, prefixTokens: number): number {
    return this.prefill(requests, newTokens, prefixTokens) * 1e3;
  }

  decodeAttention(requests: number, contextTokens: number): number {
    return this.decode(requests, contextTokens) * 1e3;
  }

  linearPrefill(tokens: number, channels: number): number {
    return linearPrefillSeconds(this.linear().prefill, tokens, channels) * 1e3;
  }

  linearDecode(sequences: number, channels: number, keyWidth: number): number {
    return linearDecodeSeconds(this.linear().decode, this.deployment.gpu, sequences, channels, keyWidth) * 1e3;
  }

  allReduce(elements: number): number {
    return allReduceSeconds(this.reduceConstants, 2 * elements) * this.reduceStretch * 1e3;
  }

  gather(elements: number): number {
    return (
      gatherSeconds(
        this.gatherConstants,
        this.deployment.gpu,
        2 * elements,
        this.deployment.attentionDataParallelSize,
      ) * 1e3
    );
  }

  scatter(elements: number): number {
    return this.gather(elements);
  }

  experts(tokens: number): number {
    return this.routed(tokens) * 1e3;
  }

  private linear(): { readonly prefill: readonly number[]; readonly decode: readonly number[] } {
    const { gpu, backend } = this.deployment;
    this.linearConstants ??= {
      prefill: need(fittedConstants(gpu, backend, ({ linearPrefill }) => linearPrefill)),
      decode: need(fittedConstants(gpu, backend, ({ linearDecode }) => linearDecode)),
    };
    return this.linearConstants;
  }

  private matrixProduct(quantization: GemmQuantization, lowPrecisionInput: boolean): MatrixProductRule {
    const key = `${quantization} ${lowPrecisionInput}`;
    let rule = this.matrixProducts.get(key);
    if (rule === undefined) {
      rule = matrixProductRule(this.deployment, quantization, lowPrecisionInput);
      this.matrixProducts.set(key, rule);
    }
    return rule;
  }
}

interface MatrixProductRule {
  readonly constants: readonly number[];
  readonly flops: number;
  readonly bytes: number;
}

function matrixProductRule(
  { gpu, backend }: Deployment,
  quantization: GemmQuantization,
  lowPrecisionInput: boolean,
): MatrixProductRule {
  const type = supported(gpu, computeType(quantization));
  let kind: GemmKind = "bf16";
  if (type === "fp4") kind = "nvfp4";
  else if (type === "fp8") {
    if (quantization === "fp8_block") kind = "fp8_block";
    else kind = quantization === "fp8_static" && lowPrecisionInput ? "fp8_static_low" : "fp8_static";
  }
  return {
    constants: need(fittedConstants(gpu, backend, ({ gemm }) => gemm[kind])),
    flops: peakFlops(gpu, type),
    bytes: weightBytes[quantization],
  };
}

function routedExperts(deployment: Deployment, feedForward: ExpertFeedForward): (tokens: number) => number {
  const { gpu, backend, model } = deployment;
  const quantization: ExpertQuantization = model.quantization.experts;
  const type = supported(gpu, computeType(quantization));
  let kind: ExpertKind = "bf16";
  if (quantization === "w4a16_mxfp4") kind = "mxfp4";
  else if (quantization === "int4_wo") kind = "int4";
  else if (type === "fp4") kind = "nvfp4";
  else if (type === "fp8") kind = "fp8_block";
  const standIn = kind === "int4" ? "mxfp4" : kind;
  const constants = need(fittedConstants(gpu, backend, ({ experts }) => experts[kind] ?? experts[standIn]));
  const bytes = quantization === "w4a16_mxfp4" ? streamedMxfp4Bytes : weightBytes[quantization];
  const flops = peakFlops(gpu, type);
  const { expertTensorParallelSize, expertParallelSize } = deployment;
  return (tokens) =>
    expertsSeconds(
      constants,
      gpu,
      flops,
      bytes,
      feedForward,
      model.hiddenSize,
      expertTensorParallelSize,
      expertParallelSize,
      tokens,
    );
}

function groupedPrefill(
  { gpu, backend, model }: Deployment,
  { slidingWindow }: GroupedQueryAttention,
  share: AttentionShare,
) {
  const constants = need(fittedConstants(gpu, backend, ({ prefillAttention }) => prefillAttention));
  const windowed = slidingWindow === null ? 0 : slidingWindow.layers / model.layers;
  return (requests: number, newTokens: number, prefixTokens: number) => {
    const full = prefillAttentionSeconds(constants, gpu, share, requests, newTokens, prefixTokens, null);
    if (slidingWindow === null) return full;
    const cut = prefillAttentionSeconds(constants, gpu, share, requests, newTokens, prefixTokens, slidingWindow.tokens);
    return full * (1 - windowed) + cut * windowed;
  };
}

function groupedDecode(
  { gpu, backend, model }: Deployment,
  { slidingWindow }: GroupedQueryAttention,
  share: AttentionShare,
) {
  const constants = need(fittedConstants(gpu, backend, ({ decodeAttention }) => decodeAttention));
  const windowed = slidingWindow === null ? 0 : slidingWindow.layers / model.layers;
  return (requests: number, contextTokens: number) => {
    const full = decodeAttentionSeconds(constants, gpu, share, requests, contextTokens);
    if (slidingWindow === null) return full;
    const seen = Math.min(contextTokens, slidingWindow.tokens);
    return full * (1 - windowed) + decodeAttentionSeconds(constants, gpu, share, requests, seen) * windowed;
  };
}

function supported(gpu: Gpu, type: ComputeType): ComputeType {
  return peakFlops(gpu, type) > 0 ? type : "bf16";
}

/** Every operation was fitted for at least one GPU of each family of relatives. */
function need<Value>(constants: Value | null): Value {
  if (constants === null) throw new Error("no fitted constants for this GPU or a relative of it");
  return constants;
}

/** The formulas of a latent attention block, and their constants. */
function latentRule({ gpu, backend, model: { quantization } }: Deployment, { sparseTokens }: LatentAttention) {
  if (sparseTokens !== null) {
    return {
      prefillSeconds: sparsePrefillSeconds,
      decodeSeconds: sparseDecodeSeconds,
      prefill: need(fittedConstants(gpu, backend, (fitted) => fitted.sparsePrefill)),
      decode: need(fittedConstants(gpu, backend, (fitted) => fitted.sparseDecode)),
    };
  }
  // SGLang has other kernels for a 16-bit cache than for FP8; elsewhere the projections make the difference.
  const isBf16 =
    computeType(quantization.attentionProjections) === "bf16" ||
    (backend === "sglang" && quantization.cache === "bfloat16");
  const own = (bf16: readonly number[] | undefined, other: readonly number[] | undefined) =>
    (isBf16 ? bf16 : undefined) ?? other;
  return {
    prefillSeconds: latentPrefillSeconds,
    decodeSeconds: latentDecodeSeconds,
    prefill: need(fittedConstants(gpu, backend, (fitted) => own(fitted.latentPrefillBf16, fitted.latentPrefill))),
    decode: need(fittedConstants(gpu, backend, (fitted) => own(fitted.latentDecodeBf16, fitted.latentDecode))),
  };
}
