import type { PerfModel, PerfModelProvenance } from "../perf-model.ts";
import type { StepPerfModel } from "../step-perf-model.ts";

/** How measured pass times relate to the modelled ones. All 0 or more; the neutral ones are 0, 1, 0, 0, 1, 1. */
export interface CalibrationFactors {
  /** ms a prefill pass takes beside the modelled time (host work, sampling). */
  readonly prefillBaseMs: number;
  readonly prefillScale: number;
  /** The same for a decode pass, and for each of its sequences. */
  readonly decodeBaseMs: number;
  readonly decodePerRequestMs: number;
  /** Of everything but attention in a decode pass. */
  readonly decodeScale: number;
  readonly decodeAttentionScale: number;
}

/** Factors that change nothing. */
export const neutralFactors: CalibrationFactors = {
  prefillBaseMs: 0,
  prefillScale: 1,
  decodeBaseMs: 0,
  decodePerRequestMs: 0,
  decodeScale: 1,
  decodeAttentionScale: 1,
};

/** A modelled engine corrected by factors fitted to measurements. */
export class CalibratedPerfModel implements PerfModel {
  readonly provenance: PerfModelProvenance;
  readonly decodeDependsOn = "batch-and-context";
  private readonly base: StepPerfModel;
  private readonly factors: CalibrationFactors;

  constructor(base: StepPerfModel, factors: CalibrationFactors, source: string) {
    this.base = base;
    this.factors = factors;
    this.provenance = {
      kind: base.provenance.kind,
      description: `${base.provenance.description}, calibrated by ${source}`,
    };
  }

  prefillMs(requests: number, meanNewTokens: number, meanPrefixTokens: number): number {
    const { prefillBaseMs, prefillScale } = this.factors;
    return prefillBaseMs + prefillScale * this.base.prefillMs(requests, meanNewTokens, meanPrefixTokens);
  }

  decodeMs(requests: number, meanContextTokens: number): number {
    const { decodeBaseMs, decodePerRequestMs, decodeScale, decodeAttentionScale } = this.factors;
    const modelled = this.base.decodeMs(requests, meanContextTokens);
    const attention =
      decodeScale === decodeAttentionScale ? 0 : this.base.step.decodeAttentionShareMs(requests, meanContextTokens);
    const scaled = decodeScale * (modelled - attention) + decodeAttentionScale * attention;
    return decodeBaseMs + decodePerRequestMs * requests + scaled;
  }
}
