import type { GemmQuantization } from "./quantization.ts";

/**
 * What the single operations of a layer take on one deployment, in milliseconds. Two kinds exist: the roofline's fitted
 * formulas and AIConfigurator's measured tables; step-model.ts adds them up to a pass.
 */
export interface OperationPricer {
  /** Reading and writing `bytes` once, element by element. */
  memory(bytes: number): number;
  /**
   * A matrix product of `rows` × `depth` with `depth` × `columns`.
   * @param lowPrecisionInput the input arrives already quantised (attention output, feed-forward down projection)
   */
  gemm(
    rows: number,
    columns: number,
    depth: number,
    quantization: GemmQuantization,
    lowPrecisionInput: boolean,
  ): number;
  /** Attention of one layer over `requests` prompts with `newTokens` each after `prefixTokens` computed before. */
  prefillAttention(requests: number, newTokens: number, prefixTokens: number): number;
  /** Attention of one layer for `requests` sequences of `contextTokens` (the new token included). */
  decodeAttention(requests: number, contextTokens: number): number;
  /** Convolution and scan of one layer of linear attention over `tokens` prompt tokens, `channels` wide on this GPU. */
  linearPrefill(tokens: number, channels: number): number;
  /** The same for a token of each of `sequences`, whose states have `channels` × `keyWidth` numbers. */
  linearDecode(sequences: number, channels: number, keyWidth: number): number;
  /** All-reduce of `elements` numbers over the tensor-parallel GPUs. */
  allReduce(elements: number): number;
  /** All-gather (before) or reduce-scatter (after) of `elements` numbers over the attention-DP ranks. */
  gather(elements: number): number;
  scatter(elements: number): number;
  /** The routed experts of one layer for `tokens` tokens of all ranks together. */
  experts(tokens: number): number;
}
