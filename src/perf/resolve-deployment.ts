import type { AicArgs } from "../config/validated-engine-args.ts";
import type { ProblemList } from "../config/config-error.ts";
import { shown } from "../config/config-error.ts";
import { suggestion } from "../config/nearest-name.ts";
import { place } from "../config/validate.ts";
import type { BackendName } from "./backend.ts";
import { backendNames, backendOf } from "./backend.ts";
import type { Deployment } from "./deployment.ts";
import { gpuNames, gpuOf, gpus } from "./gpu.ts";
import { quantizationFrom } from "./model-name.ts";
import type { ModelQuantization, ModelShape } from "./model-shape.ts";
import {
  attentionQuantizations,
  cacheQuantizations,
  expertQuantizations,
  gemmQuantizations,
  quantizationOf,
} from "./quantization.ts";

/**
 * The deployment that `aic_*` arguments describe. Every mistake goes to `problems`.
 * @param model the shape behind `aic_model_path`, or null when it is unknown (its problem is already reported)
 * @param draftTokens `aic_nextn`, or 0
 * @returns null when there were mistakes
 */
export function resolveDeployment(
  aic: AicArgs,
  model: ModelShape | null,
  draftTokens: number,
  where: string,
  problems: ProblemList,
): Deployment | null {
  const before = problems.problems.length;
  const complain = (key: string, message: string) => problems.add(place(where, [key]), message);
  const backend = resolveBackend(aic, complain);
  const gpu = aic.system === null ? null : gpuOf(aic.system);
  const known = gpus.map(({ name }) => name);
  if (aic.system === null) complain("aic_system", `is missing; with aic_backend it names the GPU: ${known.join(", ")}`);
  else if (gpu === null) {
    complain(
      "aic_system",
      `unknown GPU "${aic.system}"${suggestion(aic.system, gpuNames)}; known are ${known.join(", ")}`,
    );
  }
  const quantized = model === null ? null : withQuantization(aic, model, complain);
  if (quantized !== null) checkSplit(aic, quantized, complain);
  if (problems.problems.length > before || quantized === null || gpu === null || backend === null) return null;
  const tensorParallelSize = aic.tpSize ?? 1;
  const attentionDataParallelSize = aic.attentionDpSize ?? 1;
  const { tensor, groups } = expertSplit(aic, quantized);
  return {
    gpu,
    backend,
    model: quantized,
    tensorParallelSize,
    attentionDataParallelSize,
    expertTensorParallelSize: tensor,
    expertParallelSize: groups,
    draftTokens,
  };
}

type Complain = (key: string, message: string) => void;

function resolveBackend(aic: AicArgs, complain: Complain): BackendName | null {
  const backend = backendOf(aic.backend);
  if (backend === null) {
    complain(
      "aic_backend",
      `found ${shown(aic.backend)}, expected one of ${backendNames.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return backend;
}

function withQuantization(aic: AicArgs, model: ModelShape, complain: Complain): ModelShape {
  const choose = <Name extends string>(
    key: string,
    given: string | null,
    allowed: readonly Name[],
    native: Name,
  ): Name => {
    if (given === null) return native;
    const found = quantizationOf(given, allowed);
    if (found === null)
      complain(key, `found ${shown(given)}, expected one of ${allowed.map((name) => `"${name}"`).join(", ")}`);
    return found ?? native;
  };
  const native = model.quantization;
  const gemm = choose("aic_gemm_dtype", aic.gemmDtype, gemmQuantizations, native.gemm);
  const experts = choose("aic_moe_dtype", aic.moeDtype, expertQuantizations, native.experts);
  const quantization: ModelQuantization = {
    // A form for all products overrides what a checkpoint keeps apart.
    ...(aic.gemmDtype === null ? native : quantizationFrom(gemm, experts)),
    gemm,
    experts,
    cache: choose("aic_kv_cache_dtype", aic.kvCacheDtype, cacheQuantizations, native.cache),
    attention: choose("aic_fmha_dtype", aic.fmhaDtype, attentionQuantizations, native.attention),
  };
  return { ...model, quantization };
}

/** Sizes of the expert split: as given; one alone fills the other up; neither = split like the attention. */
function expertSplit(aic: AicArgs, model: ModelShape): { tensor: number; groups: number } {
  if (model.feedForward.kind === "dense") return { tensor: 1, groups: 1 };
  const width = (aic.tpSize ?? 1) * (aic.attentionDpSize ?? 1);
  if (aic.moeTpSize === null && aic.moeEpSize === null) {
    return (aic.attentionDpSize ?? 1) > 1 ? { tensor: 1, groups: width } : { tensor: width, groups: 1 };
  }
  if (aic.moeEpSize === null) return { tensor: aic.moeTpSize!, groups: width / aic.moeTpSize! };
  if (aic.moeTpSize === null) return { tensor: width / aic.moeEpSize, groups: aic.moeEpSize };
  return { tensor: aic.moeTpSize, groups: aic.moeEpSize };
}

function checkSplit(aic: AicArgs, model: ModelShape, complain: Complain): void {
  const tp = aic.tpSize ?? 1;
  const { attention, feedForward } = model;
  if (attention.heads % tp !== 0) {
    complain(
      "aic_tp_size",
      `found ${tp}, but ${model.name} has ${attention.heads} attention heads, which it does not divide`,
    );
  }
  if (feedForward.kind === "dense") {
    for (const [key, size] of [
      ["aic_moe_tp_size", aic.moeTpSize],
      ["aic_moe_ep_size", aic.moeEpSize],
    ] as const) {
      if (size !== null && size > 1) complain(key, `found ${size}, but ${model.name} has no experts to split`);
    }
    return;
  }
  const width = tp * (aic.attentionDpSize ?? 1);
  const { tensor, groups } = expertSplit(aic, model);
  const wholeWidth = `aic_tp_size ${tp} × aic_attention_dp_size ${aic.attentionDpSize ?? 1}`;
  if (!Number.isInteger(tensor) || !Number.isInteger(groups)) {
    const [key, size] = aic.moeEpSize === null ? ["aic_moe_tp_size", tensor] : ["aic_moe_ep_size", groups];
    complain(key as string, `found ${size}, which does not divide ${wholeWidth}`);
  } else if (tensor * groups !== width) {
    complain(
      aic.moeEpSize === null ? "aic_moe_tp_size" : "aic_moe_ep_size",
      `moe tp ${tensor} × moe ep ${groups} must equal ${wholeWidth}`,
    );
  } else if (feedForward.experts % groups !== 0) {
    complain(
      "aic_moe_ep_size",
      `found ${groups}, but ${model.name} has ${feedForward.experts} experts, which it does not divide`,
    );
  }
}
