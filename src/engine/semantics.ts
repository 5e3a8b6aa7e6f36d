/** Which engine rules a run follows (docs/deviations.md). */
export type SemanticsName = "dynamo-1.4" | "current";

/** The rules in which the two semantics differ, as data. */
export interface Semantics {
  readonly name: SemanticsName;
  /** The request that finishes its prefill in a pass is charged in that pass's decode time too. */
  readonly chargeFirstTokenInDecode: boolean;
  /** What the decode time of vLLM- and TRT-LLM-like engines looks at. */
  readonly decodeActiveTokens: "referenced-blocks" | "sequence-lengths";
  /** A disaggregated prefill worker runs the whole hidden output plan instead of one token. */
  readonly hiddenOutputPlan: boolean;
  /** When a KV-aware router sees what a pass put into the cache. */
  readonly kvEventsAt: "pass-start" | "pass-end";
  /** SGLang: a pass is extend-only or decode-only. */
  readonly prefillFirst: boolean;
  /** Order of pass completions at one instant. */
  readonly completionOrder: "insertion" | "pool-and-worker";
  /** Cache tiers below GPU memory act; the published 1.4.2 accepts their settings and does nothing. */
  readonly kvTiers: boolean;
  /** The KVBM backend keeps one copy of a block that was computed twice; newer rules have no such backend. */
  readonly kvbmSharesCopies: boolean;
  /** A closed loop divides think times by the arrival speed-up, as an open one does. */
  readonly closedLoopScalesThinkTimes: boolean;
  /** Offers a rounding error above a whole millisecond come after what happens at that millisecond. */
  readonly offersKeepRounding: boolean;
  /** A closed loop on a single target offers what becomes due during a pass at the pass's end. */
  readonly singleTargetOffersAtPassEnds: boolean;
  /** Prompts a prefill worker refused are taken back step by step, as hand-offs are done: cancelled, then dismissed. */
  readonly refusalsTakeSteps: boolean;
  /** An idle record replaces the record of a pass that ran for more than a second (planner observation). */
  readonly idleRecordHidesBusyWorker: boolean;
  /** Percentiles of pooled gaps are those of a sketch with 0.1 % relative error, not exact. */
  readonly sketchedGapPercentiles: boolean;
}

/** Reproduces ai-dynamo 1.4.2. */
export const dynamo14: Semantics = {
  name: "dynamo-1.4",
  chargeFirstTokenInDecode: true,
  decodeActiveTokens: "referenced-blocks",
  hiddenOutputPlan: true,
  kvEventsAt: "pass-start",
  prefillFirst: false,
  completionOrder: "insertion",
  kvTiers: false,
  kvbmSharesCopies: true,
  closedLoopScalesThinkTimes: false,
  offersKeepRounding: true,
  singleTargetOffersAtPassEnds: true,
  refusalsTakeSteps: true,
  idleRecordHidesBusyWorker: true,
  sketchedGapPercentiles: true,
};

/** The newest upstream rules; the default. */
export const current: Semantics = {
  name: "current",
  chargeFirstTokenInDecode: false,
  decodeActiveTokens: "sequence-lengths",
  hiddenOutputPlan: false,
  kvEventsAt: "pass-end",
  prefillFirst: true,
  completionOrder: "pool-and-worker",
  kvTiers: true,
  kvbmSharesCopies: false,
  closedLoopScalesThinkTimes: true,
  offersKeepRounding: false,
  singleTargetOffersAtPassEnds: false,
  refusalsTakeSteps: false,
  idleRecordHidesBusyWorker: false,
  sketchedGapPercentiles: false,
};

/** The semantics of that name. */
export const semanticsByName: Readonly<Record<SemanticsName, Semantics>> = { "dynamo-1.4": dynamo14, current };
