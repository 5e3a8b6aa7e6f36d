import type { RadixNode } from "./radix-node.ts";

/** A request inside an SGLang-like rank. */
export interface SglangRequest {
  readonly request: number;
  readonly promptLength: number;
  /** Tokens it will generate here. */
  readonly outputLimit: number;
  generated: number;
  /** Tokens of prompt + generated whose key-value entries exist. */
  materialised: number;
  /** Pages it holds: those on its locked path in the tree and private ones behind them. */
  pages: number;
  /** The deepest tree node it has locked; the root when none. `node.end` pages of its sequence are in the tree. */
  node: RadixNode;
  admitted: boolean;
  /** Pages of its came back from a lower cache tier, and it has not been admitted since. */
  broughtBack: boolean;
  /** It was taken out of the running batch to make room. */
  retracted: boolean;
  /** Its whole sequence is materialised by the pass being put together. */
  completesPrefill: boolean;
  /** Time of its last token, ns; NaN before the first. */
  lastTokenNs: number;
  /** Gaps between its tokens and how many of each, kept back until it completes (see RankContext). */
  readonly gaps: number[];
}

/** A request that has just come. @param root of the tree of its rank, of which it holds nothing yet */
export function newSglangRequest(
  request: number,
  promptLength: number,
  outputLimit: number,
  root: RadixNode,
): SglangRequest {
  return {
    request,
    promptLength,
    outputLimit,
    generated: 0,
    materialised: 0,
    pages: 0,
    node: root,
    admitted: false,
    broughtBack: false,
    retracted: false,
    completesPrefill: false,
    lastTokenNs: NaN,
    gaps: [],
  };
}

/** Prompt and generated tokens. */
export function sequenceLength(state: SglangRequest): number {
  return state.promptLength + state.generated;
}

/** Output tokens still to come. */
export function remainingOutput(state: SglangRequest): number {
  return state.outputLimit - state.generated;
}
