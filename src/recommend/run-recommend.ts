import { join } from "node:path";
import type { ReplayOptions } from "../config/replay-options.ts";
import { makeFolder } from "../report/atomic-file.ts";
import { LocalPool } from "../sweep/local-pool.ts";
import { ResultsFile } from "../sweep/results-file.ts";
import { TraceError } from "../trace/trace-error.ts";
import type { Trace } from "../trace/trace.ts";
import { candidateOptions, candidateSettings } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { partOf, worstOutcome, Runner, Stopped } from "./candidate-runner.ts";
import type { Part, RecommendHooks } from "./candidate-runner.ts";
import { growth } from "./recommendation.ts";
import type { PartFigures, RankedSetting, Recommendation, RecommendRequest } from "./recommendation.ts";
import { ranked, search } from "./search.ts";
import type { Family } from "./search-space.ts";
import type { Outcome, Trial } from "./search.ts";

/** How many times the cheapest setting's GPU-hours still count as the same cost. */
const hardlyMore = 1.02;
/** What another setting must attain more of the grown load to go before a fixed fleet. */
const clearlyMore = 0.02;

/**
 * Searches the families on the first part of the trace, then runs the best of what was found on ranges of it and with faster
 * arrivals: a setting that just holds by luck falls behind. Settings of the same cost are told apart by how much they hold
 * of a load half as large again. The ranking is that of the first part; the second, which the search never sees, only tells
 * whether it holds.
 */
export async function recommend(request: RecommendRequest, hooks: RecommendHooks = {}): Promise<Recommendation> {
  const { base, families, halves, attainment, margin, runs, seed, stress, out, alternatives } = request;
  makeFolder(out);
  const results = new ResultsFile(join(out, "results.jsonl"));
  const pool = new LocalPool(request.parallel);
  const parts = {
    tune: partOf(halves.tune),
    ranges: [...halves.ranges.map((range) => partOf(range)), ...(stress === 1 ? [] : [partOf(halves.tune, stress)])],
    grown: stress === 1 ? null : partOf(halves.tune, growth),
    heldOut: partOf(halves.heldOut),
  };
  const runner = new Runner(pool, results, request, hooks);
  try {
    const given = givenCandidate(request.given);
    const onTune = (candidates: readonly Candidate[]) => runner.figures(candidates, parts.tune);
    let trials: Trial[] = [];
    let interrupted = false;
    try {
      trials = await search(families, { attainment: attainment + margin, runs, seed }, onTune);
      const finalists = finalistsOf(ranked(trials, attainment + margin), 2 * alternatives);
      const tested = await testedTrials(finalists, runner, [parts.tune, ...parts.ranges]);
      const best = ranked(tested, attainment);
      const order = await favouriteFirst(best, attainment, runner, parts);
      const chosen = chosenFor(order, alternatives);
      const ranking = await settingsOf(chosen, base, runner, parts);
      const asGiven = given === null ? null : await runner.givenSetting(given, parts);
      const kept = request.givenFits && isKept(asGiven, ranking[0], attainment) ? [asGiven, ...ranking] : ranking;
      return { ranking: kept, asGiven, ...runner.counts, interrupted };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      interrupted = true;
      return { ranking: [], asGiven: null, ...runner.counts, interrupted };
    }
  } finally {
    await pool.close();
    results.close();
  }
}

/** The best so many that differ in what they did, at most half of them of one family, and the best of every family. */
export function finalistsOf(best: readonly ScoredTrial[], most: number): ScoredTrial[] {
  const seen = new Set<string>();
  const perFamily = new Map<Family, number>();
  let taken = 0;
  return best.filter(({ candidate: { family }, outcome: { attainment, gpuHours } }) => {
    const ofFamily = perFamily.get(family) ?? 0;
    const alike = seen.has(`${attainment} ${gpuHours}`);
    if (ofFamily > 0 && (alike || taken >= most || ofFamily >= most / 2)) return false;
    seen.add(`${attainment} ${gpuHours}`);
    perFamily.set(family, ofFamily + 1);
    taken++;
    return true;
  });
}

/**
 * The settings that hold and cost hardly more than the first of them, best first; none when nothing holds. Cost is that of
 * the tuned part as it was recorded: what a setting spends on a load that grows is no fault of it.
 */
export function nearlyCheapest<T extends ScoredTrial & { readonly cost: number }>(
  best: readonly T[],
  attainment: number,
): T[] {
  const most = (best[0]?.cost ?? 0) * hardlyMore;
  return best.filter(({ outcome, cost }) => outcome.attainment >= attainment && cost <= most);
}

function candidatesOf(trials: readonly Trial[]): Candidate[] {
  return trials.map(({ candidate }) => candidate);
}

/** Trials with their GPU-hours on one part. */
async function withCost(trials: readonly ScoredTrial[], runner: Runner, part: Part) {
  const figures = await runner.figures(candidatesOf(trials), part);
  return trials.map((trial, i) => ({ ...trial, cost: figures[i]?.gpuHours ?? Infinity }));
}

/**
 * Which of several settings of the same cost to recommend: a fixed fleet, as there is nothing in it that could go wrong, or
 * else the cheapest; but what attains clearly more of the grown load goes before either.
 * @param alike with what each attains of the grown load, null = not known
 * @returns its place; 0 when there is none
 */
export function favouriteOf(
  alike: readonly { readonly candidate: Candidate; readonly grown: Pick<Outcome, "attainment"> | null }[],
): number {
  const simplest = Math.max(
    0,
    alike.findIndex(({ candidate }) => candidate.family.policy === "static"),
  );
  const attained = alike.map(({ grown }) => grown?.attainment ?? 0);
  const most = Math.max(...attained);
  return most >= (attained[simplest] ?? 0) + clearlyMore ? attained.indexOf(most) : simplest;
}

/** The same settings, of those that hold for the least cost the favourite first. */
async function favouriteFirst(
  best: readonly ScoredTrial[],
  attainment: number,
  runner: Runner,
  parts: { readonly tune: Part; readonly grown: Part | null },
): Promise<readonly ScoredTrial[]> {
  const alike = nearlyCheapest(await withCost(best, runner, parts.tune), attainment);
  if (alike.length === 0) return best;
  const grown = await grownFigures(alike, runner, parts.grown);
  const favourite = alike[favouriteOf(alike.map(({ candidate }, i) => ({ candidate, grown: grown[i]! })))]!;
  return [favourite, ...best.filter(({ candidate }) => candidate !== favourite.candidate)];
}

/** Figures under the grown load; nulls where there is no such test. */
async function grownFigures(
  trials: readonly Trial[],
  runner: Runner,
  grown: Part | null,
): Promise<(PartFigures | null)[]> {
  return grown === null ? trials.map(() => null) : runner.figures(candidatesOf(trials), grown);
}

/** Trials with the worst of their figures on several parts. */
async function testedTrials(trials: readonly Trial[], runner: Runner, parts: readonly Part[]): Promise<Trial[]> {
  const candidates = candidatesOf(trials);
  const figures: (PartFigures | null)[][] = [];
  for (const part of parts) figures.push(await runner.figures(candidates, part));
  return candidates.map((candidate, i) => ({ candidate, outcome: worstOutcome(figures.map((row) => row[i]!)) }));
}

/** A trial that has an outcome. */
export type ScoredTrial = Trial & { readonly outcome: Outcome };

/** The first so many, and after them the best of every family that is not among them. */
export function chosenFor(best: readonly ScoredTrial[], alternatives: number): ScoredTrial[] {
  const first = best.slice(0, alternatives);
  const seen = new Set(first.map(({ candidate }) => candidate.family));
  const others = best.slice(alternatives).filter(({ candidate: { family } }) => {
    if (seen.has(family)) return false;
    seen.add(family);
    return true;
  });
  return [...first, ...others];
}

async function settingsOf(
  trials: readonly ScoredTrial[],
  base: ReplayOptions,
  runner: Runner,
  parts: { readonly tune: Part; readonly grown: Part | null; readonly heldOut: Part },
): Promise<RankedSetting[]> {
  const candidates = candidatesOf(trials);
  const tuned = await runner.figures(candidates, parts.tune);
  const grown = await grownFigures(trials, runner, parts.grown);
  const heldOut = await runner.figures(candidates, parts.heldOut);
  return trials.map(({ candidate, outcome }, i) => {
    const { policy, topology, tensorParallel } = candidate.family;
    return {
      name: policy === "static" ? "fixed fleet" : policy,
      policy,
      topology,
      tensorParallel,
      settings: candidateSettings(candidate),
      options: candidateOptions(base, candidate),
      tuned: tuned[i]!,
      worst: outcome,
      grown: grown[i]!,
      heldOut: heldOut[i]!,
    };
  });
}

/**
 * Whether the setting as given is to be kept: it holds in every test, for no more GPU-hours of the tuned part than the best
 * of what was found, if that holds at all.
 */
export function isKept<T extends Pick<RankedSetting, "tuned" | "worst">>(
  asGiven: T | null,
  best: Pick<RankedSetting, "tuned" | "worst"> | undefined,
  attainment: number,
): asGiven is T {
  const holds = (one: Pick<RankedSetting, "worst"> | null | undefined): boolean =>
    (one?.worst?.attainment ?? 0) >= attainment;
  if (!holds(asGiven)) return false;
  return !holds(best) || (asGiven?.tuned?.gpuHours ?? Infinity) <= (best?.tuned?.gpuHours ?? Infinity);
}

/** The options as they were given, when they have an autoscaler or a size of their own. */
function givenCandidate(options: ReplayOptions): ReplayOptions | null {
  const { plannerConfig, policy, numWorkers } = options;
  return plannerConfig !== undefined || policy !== undefined || numWorkers !== undefined ? options : null;
}

/** Whether a trace can be cut in time: closed loops have no times. @throws TraceError when it cannot */
export function checkDivisible(trace: Trace): void {
  if (trace.arrivalMs.every((at) => Number.isNaN(at))) {
    throw new TraceError(trace.name, null, "its requests have no arrival times; there is no time to split");
  }
}
