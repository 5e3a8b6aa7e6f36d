import { join } from "node:path";
import type { ReplayOptions } from "../config/replay-options.ts";
import { makeOutputFolder } from "../report/atomic-file.ts";
import { LocalPool } from "../sweep/local-pool.ts";
import { ResultsFile } from "../sweep/results-file.ts";
import { TraceError } from "../trace/trace-error.ts";
import type { Trace } from "../trace/trace.ts";
import { candidateOptions, candidateSettings } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import { partOf, worstOutcome, Runner, Stopped } from "./candidate-runner.ts";
import type { Part, RecommendHooks } from "./candidate-runner.ts";
import { growth, tunedAttainment } from "./recommendation.ts";
import type { PartFigures, RankedSetting, Recommendation, RecommendRequest } from "./recommendation.ts";
import { ranked, search } from "./search.ts";
import type { ScoredTrial, Trial } from "./search.ts";
import { chosenFor, favouriteOf, finalistsOf, isKept, nearlyCheapest } from "./selection.ts";

/**
 * Searches the families on the first part of the trace, then runs the best of what was found on ranges of it and with faster
 * arrivals: a setting that just holds by luck falls behind. Settings of the same cost are told apart by how much they hold
 * of a load half as large again. The ranking is that of the first part; the second, which the search never sees, only tells
 * whether it holds.
 * @throws OutputError when the folder or a row cannot be written
 */
export async function recommend(request: RecommendRequest, hooks: RecommendHooks = {}): Promise<Recommendation> {
  const { base, families, halves, attainment, runs, seed, stress, out, alternatives } = request;
  const wanted = tunedAttainment(request);
  makeOutputFolder(out);
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
    const trials = await search(families, { attainment: wanted, runs, seed }, onTune);
    const finalists = finalistsOf(ranked(trials, wanted), 2 * alternatives);
    const tested = await testedTrials(finalists, runner, [parts.tune, ...parts.ranges]);
    const best = ranked(tested, attainment);
    const order = await favouriteFirst(best, attainment, runner, parts);
    const chosen = chosenFor(order, alternatives);
    const ranking = await settingsOf(chosen, base, runner, parts);
    const asGiven = given === null ? null : await runner.givenSetting(given, parts);
    const kept = request.givenFits && isKept(asGiven, ranking[0], attainment) ? [asGiven, ...ranking] : ranking;
    return { ranking: kept, asGiven, ...runner.counts, interrupted: false };
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    return { ranking: [], asGiven: null, ...runner.counts, interrupted: true };
  } finally {
    await pool.close();
    results.close();
  }
}

function candidatesOf(trials: readonly Trial[]): Candidate[] {
  return trials.map(({ candidate }) => candidate);
}

/** Trials with their GPU-hours on one part. */
async function withCost(trials: readonly ScoredTrial[], runner: Runner, part: Part) {
  const figures = await runner.figures(candidatesOf(trials), part);
  return trials.map((trial, i) => ({ ...trial, cost: figures[i]?.gpuHours ?? Infinity }));
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
