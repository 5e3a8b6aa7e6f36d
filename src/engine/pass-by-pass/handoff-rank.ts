import type { EngineRank } from "./engine-rank.ts";

/** A rank of a disaggregated prefill worker. See PrefillWorker. */
export interface HandoffPrefillRank extends EngineRank {
  /** Prompts finished since the caller last emptied it. */
  readonly held: number[];
  releaseSource(request: number): void;
}

/** A rank of a disaggregated decode worker. See DecodeWorker. */
export interface HandoffDecodeRank extends EngineRank {
  /** Requests queued for a destination. */
  readonly pending: { readonly length: number };
  offerDestination(request: number): void;
  tryReserve(atNs: number): number;
  freshBlocks(request: number): number;
  activate(request: number, atNs: number): void;
  abandonDestination(request: number): void;
  /** See DecodeWorker.giveUpStuck. */
  giveUpStuck?(): boolean;
}
