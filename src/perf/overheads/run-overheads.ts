import type { BackendName } from "../backend.ts";
import type { Deployment } from "../deployment.ts";
import type { KernelFamily } from "./kernel-family.ts";
import { kernelFamily } from "./kernel-family.ts";
import data from "./overheads.json" with { type: "json" };

/**
 * Servers that run alike. vLLM before 0.14 prepared a pass only after the last one had ended; later ones prepare it
 * meanwhile, as SGLang and TensorRT-LLM do.
 */
export const serverRuntimes = ["vllm", "vllm-serial", "sglang", "trtllm"] as const;
/** One of `serverRuntimes`. */
export type ServerRuntime = (typeof serverRuntimes)[number];

/** What a server's passes take beside the kernels AIConfigurator measured; fitted by `perf fit-overheads`. */
export interface RuntimeConstants {
  /** Host work of a pass that emits tokens, and of each of its sequences, ms. */
  readonly hostMs: number;
  readonly hostPerSequenceMs: number;
  /** A pass with prompt tokens runs outside CUDA graphs: µs a layer. */
  readonly promptPassPerLayerUs: number;
  /** Experts spread over groups, µs a layer. */
  readonly expertGroupsPerLayerUs: number;
  /** By kernel family, µs a layer of a pass that emits tokens; below 0 = faster in CUDA graphs than measured alone. */
  readonly perLayerUs: Partial<Record<KernelFamily, number>>;
  /** From the client to the scheduler, before the first pass: ms, and µs a prompt token. */
  readonly frontEndMs: number;
  readonly frontEndPerPromptTokenUs: number;
}

/** The terms of one deployment. Milliseconds. */
export interface RunOverheads {
  readonly runtime: ServerRuntime;
  readonly promptPassMs: number;
  readonly decodePassMs: number;
  readonly perSequenceMs: number;
  readonly frontEndMs: number;
  readonly frontEndPerPromptTokenMs: number;
  /** Whether servers with this family of kernels were among those fitted to. */
  readonly isFitted: boolean;
}

/** Constants that change nothing. */
export const noOverheads: RuntimeConstants = {
  hostMs: 0,
  hostPerSequenceMs: 0,
  promptPassPerLayerUs: 0,
  expertGroupsPerLayerUs: 0,
  perLayerUs: {},
  frontEndMs: 0,
  frontEndPerPromptTokenUs: 0,
};

const fitted: Readonly<Record<ServerRuntime, RuntimeConstants>> = data.runtimes;

/** The runtime of a backend's version; null = a current one. */
export function serverRuntime(backend: BackendName, version: string | null): ServerRuntime {
  const parts = /^v?(\d+)\.(\d+)/.exec(version ?? "");
  const isSerial = parts !== null && Number(parts[1]) === 0 && Number(parts[2]) < 14;
  return backend === "vllm" && isSerial ? "vllm-serial" : backend;
}

/** What passes of a deployment take in a server beside their kernels' times. */
export function runOverheads(
  deployment: Deployment,
  runtime: ServerRuntime,
  constants: RuntimeConstants = fitted[runtime],
): RunOverheads {
  const { model, expertParallelSize, draftTokens } = deployment;
  const layers = model.layers + draftTokens;
  const family = constants.perLayerUs[kernelFamily(deployment)];
  const groups = expertParallelSize > 1 ? constants.expertGroupsPerLayerUs : 0;
  return {
    runtime,
    promptPassMs: (model.layers * constants.promptPassPerLayerUs) / 1e3,
    decodePassMs: constants.hostMs + (layers * ((family ?? 0) + groups)) / 1e3,
    perSequenceMs: constants.hostPerSequenceMs,
    frontEndMs: constants.frontEndMs,
    frontEndPerPromptTokenMs: constants.frontEndPerPromptTokenUs / 1e3,
    isFitted: family !== undefined,
  };
}
