import type { BackendName } from "../backend.ts";
import { backendNames } from "../backend.ts";
import type { Gpu } from "../gpu.ts";
import data from "./constants.json" with { type: "json" };

/** Kinds of matrix product that were fitted apart. */
export type GemmKind = "bf16" | "fp8_static" | "fp8_static_low" | "fp8_block" | "nvfp4";
/** Kinds of expert layers that were fitted apart. */
export type ExpertKind = "bf16" | "fp8_block" | "mxfp4" | "int4" | "nvfp4";

/**
 * Fitted constants of one GPU under one backend. Each list is in the order constants.json names under `columns`; what
 * a constant does is said where it is used (matrix-product.ts, attention.ts, latent-attention.ts, sparse-attention.ts,
 * linear-attention.ts, experts.ts, collectives.ts).
 */
export interface FittedConstants {
  readonly gemm: Partial<Record<GemmKind, readonly number[]>>;
  readonly prefillAttention?: readonly number[];
  readonly decodeAttention?: readonly number[];
  /** By number of GPUs: 2, 4, 8. */
  readonly allReduce: Readonly<Record<string, readonly number[]>>;
  readonly gather?: readonly number[];
  readonly latentPrefill?: readonly number[];
  readonly latentDecode?: readonly number[];
  /** The same of blocks whose projections are in bfloat16, where they were fitted apart. */
  readonly latentPrefillBf16?: readonly number[];
  readonly latentDecodeBf16?: readonly number[];
  readonly linearPrefill?: readonly number[];
  readonly linearDecode?: readonly number[];
  readonly sparsePrefill?: readonly number[];
  readonly sparseDecode?: readonly number[];
  readonly experts: Partial<Record<ExpertKind, readonly number[]>>;
}

const fits = data.gpus as unknown as Readonly<Record<string, Partial<Record<BackendName, FittedConstants>>>>;

/**
 * The constants of one operation for a GPU and backend. Where that pair was not measured, a stand-in is taken: first
 * the GPU's relatives under the same backend, then the same GPUs under another backend.
 */
export function fittedConstants<Value>(
  gpu: Gpu,
  backend: BackendName,
  pick: (constants: FittedConstants) => Value | undefined,
): Value | null {
  for (const candidate of [backend, ...backendNames.filter((name) => name !== backend)]) {
    for (const name of [gpu.name, ...gpu.relatives]) {
      const constants = fits[name]?.[candidate];
      const found = constants === undefined ? undefined : pick(constants);
      if (found !== undefined) return found;
    }
  }
  return null;
}

/** Whether the pair itself was measured. */
export function isFitted(gpu: Gpu, backend: BackendName): boolean {
  return fits[gpu.name]?.[backend] !== undefined;
}
