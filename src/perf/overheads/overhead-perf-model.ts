import type { PerfModel, PerfModelProvenance } from "../perf-model.ts";
import { StepPerfModel } from "../step-perf-model.ts";
import type { RunOverheads } from "./run-overheads.ts";

/** A pass never takes less than this share of its modelled time, however fast its kernels were found in servers. */
const LEAST_SHARE = 0.5;

/** Modelled pass times with what a server adds to them. */
export class OverheadPerfModel implements PerfModel {
  readonly provenance: PerfModelProvenance;
  readonly decodeDependsOn: PerfModel["decodeDependsOn"];
  /** The model without them. */
  readonly base: PerfModel;
  private readonly overheads: RunOverheads;

  constructor(base: PerfModel, overheads: RunOverheads) {
    this.base = base;
    this.overheads = overheads;
    this.decodeDependsOn = base.decodeDependsOn;
    this.provenance = {
      kind: base.provenance.kind,
      description: `${base.provenance.description}, with the measured overheads of a ${overheads.runtime} server`,
    };
  }

  prefillMs(requests: number, meanNewTokens: number, meanPrefixTokens: number): number {
    return this.base.prefillMs(requests, meanNewTokens, meanPrefixTokens) + this.overheads.promptPassMs;
  }

  decodeMs(requests: number, meanContextTokens: number, activeTokens: number, poolTokens: number): number {
    const modelled = this.base.decodeMs(requests, meanContextTokens, activeTokens, poolTokens);
    const { decodePassMs, perSequenceMs } = this.overheads;
    return Math.max(LEAST_SHARE * modelled, modelled + decodePassMs + perSequenceMs * requests);
  }
}

/** The step model a performance model is made from; null where it is none (polynomial, profile, calibration). */
export function stepModelBehind(perfModel: PerfModel): StepPerfModel | null {
  const base = perfModel instanceof OverheadPerfModel ? perfModel.base : perfModel;
  return base instanceof StepPerfModel ? base : null;
}
