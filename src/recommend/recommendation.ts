import type { ReplayOptions } from "../config/replay-options.ts";
import type { Outcome } from "./search.ts";
import type { Family } from "./search-space.ts";
import type { TraceHalves } from "./trace-halves.ts";

/** How many times as fast requests arrive in the grown load, which tells settings of the same cost apart. */
export const growth = 1.5;

/** What is asked. */
export interface RecommendRequest {
  /** Options all candidates share, documents read; with both SLA bounds that requests are judged by. */
  readonly base: ReplayOptions;
  /** The options as they were given, for comparison; likewise. */
  readonly given: ReplayOptions;
  /** Whether that keeps to the GPUs there are; what does not is compared with, but never recommended. */
  readonly givenFits: boolean;
  readonly families: readonly Family[];
  readonly halves: TraceHalves;
  /** Attainment to hold. */
  readonly attainment: number;
  /** How much more a setting must attain while tuning. */
  readonly margin: number;
  readonly runs: number;
  readonly seed: number;
  readonly parallel: number;
  /** Folder of results.jsonl: runs found there are not done again. */
  readonly out: string;
  /** Finalists must also hold with requests arriving so many times as fast; 1 = no such test. */
  readonly stress: number;
  /** How many are reported on the held-out part, beside the best of each family. */
  readonly alternatives: number;
}

/** Attainment that is asked for while tuning: more than what is to be held, but no more than all. */
export function tunedAttainment({ attainment, margin }: Pick<RecommendRequest, "attainment" | "margin">): number {
  return Math.min(1, attainment + margin);
}

/** How a setting did on one part of the trace. */
export interface PartFigures extends Outcome {
  /** GPUs there were on average over the run; null for a run that took no time. */
  readonly meanGpus: number | null;
  readonly events: number;
  readonly meanTtftMs: number | null;
  readonly p90TtftMs: number | null;
  readonly p99ItlMs: number | null;
}

/** A setting with its evidence. */
export interface RankedSetting {
  readonly name: string;
  readonly policy: string;
  readonly topology: Family["topology"];
  readonly tensorParallel: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly options: ReplayOptions;
  readonly tuned: PartFigures | null;
  /** Least attainment over the tuned part, its ranges and the faster arrivals, and the GPU-hours of all: the ranking. */
  readonly worst: Outcome | null;
  /** The tuned part with half as many requests again in the same time; null without tests under faster arrivals. */
  readonly grown: PartFigures | null;
  readonly heldOut: PartFigures | null;
}

/** What was found. */
export interface Recommendation {
  /** Best first, by the part they were tuned on and its ranges; the setting as given only where it is to be kept, first. */
  readonly ranking: readonly RankedSetting[];
  /** The setting as given, also where it is in the ranking; null when none was. */
  readonly asGiven: RankedSetting | null;
  readonly runs: number;
  readonly failed: number;
  /** Why the first run that failed did; null when none did. */
  readonly firstFailure: string | null;
  readonly interrupted: boolean;
}
