import type { BackendName } from "./backend.ts";
import type { Gpu } from "./gpu.ts";
import type { ModelShape } from "./model-shape.ts";

/** A model on a GPU under a backend, split over GPUs: what a pass is priced for. */
export interface Deployment {
  readonly gpu: Gpu;
  readonly backend: BackendName;
  readonly model: ModelShape;
  /** GPUs the attention (and dense layers) of one rank are split over. */
  readonly tensorParallelSize: number;
  /** Ranks that each hold all of the attention. */
  readonly attentionDataParallelSize: number;
  /** GPUs an expert is split over. */
  readonly expertTensorParallelSize: number;
  /** Groups the experts are spread over. */
  readonly expertParallelSize: number;
  /** Draft tokens of a speculative step (MTP); 0 = none. */
  readonly draftTokens: number;
}

/** Key-value heads a GPU holds. */
export function keyValueHeadsPerGpu(keyValueHeads: number, tensorParallelSize: number): number {
  return Math.ceil(keyValueHeads / tensorParallelSize);
}
