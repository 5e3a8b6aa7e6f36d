import type { QuantileCurve } from "./quantile-curve.ts";

/** A statistical model of a recorded workload: what a preset is made of. */
export interface WorkloadModel {
  readonly name: string;
  /** One line for users: what it resembles. */
  readonly description: string;
  readonly requests: number;
  readonly durationSeconds: number;
  /** Arrivals stand on a grid of this many ms. */
  readonly tickMs: number;
  /** Tokens a block stands for. */
  readonly blockSize: number;
  /** Published sums that every seed must meet. */
  readonly totals: { readonly inputTokens: number; readonly uniqueBlocks: number };
  readonly families: readonly RequestFamily[];
}

/** Requests of one kind within a workload. */
export interface RequestFamily {
  /** Share of the workload's requests. */
  readonly share: number;
  /** Blocks that all prompts of the family begin with. */
  readonly prefixBlocks: number;
  /** Relative rate of first turns (or, without `turns.gapSeconds`, of all turns) at equal distances over the duration. */
  readonly rate: readonly number[];
  /** Prompt length of first turns, tokens. */
  readonly firstInput: QuantileCurve;
  /** Answer length, tokens. */
  readonly output: QuantileCurve;
  /** How lengths may be stretched to meet the totals: those above this many tokens are. Absent = never. */
  readonly stretchAbove?: number;
  /** Later turns; absent = every request stands alone. */
  readonly turns?: TurnModel;
}

/** How a session goes on. */
export interface TurnModel {
  /** Share of sessions that never go on, with the shortest first prompts. */
  readonly loneShare: number;
  /** Share of sessions with the longest first prompts, of which only `longGoesOn` times as many go on. */
  readonly longShare: number;
  readonly longGoesOn: number;
  /** Chance that a turn is followed by another; the last entry holds for all further turns. */
  readonly goesOn: readonly number[];
  /** Seconds from a turn to the next; null = the turns lie anywhere in the duration, by the family's rate. */
  readonly gapSeconds: QuantileCurve | null;
  /** Whether a prompt contains the answers before it. */
  readonly keepsAnswers: boolean;
  /** Tokens a prompt has more than the turn before it (and its answer, when kept), if they extend it. */
  readonly newTokens: QuantileCurve;
  /** Prompts above this many tokens may be edited before they go on; shorter ones are extended as they are. */
  readonly editedAbove: number;
  /** Share of the turns after such prompts that keep only a part of them. */
  readonly editedShare: number;
  /** Of edited prompts: tokens more than the turn before. */
  readonly editedTokens: QuantileCurve;
  /** Of edited prompts: part of the blocks of the turn before that is kept. */
  readonly keptPart: QuantileCurve;
}
