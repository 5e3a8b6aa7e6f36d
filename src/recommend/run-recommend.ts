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
import type { PartFigures, RankedSetting, Recommendation, RecommendRequest } from "./recommendation.ts";
import { ranked, search } from "./search.ts";
import type { Family } from "./search-space.ts";
import type { Outcome, Trial } from "./search.ts";

/** What a simpler setting may cost more. */
const hardlyMore = 1.02;

/**
 * Searches the families on the first part of the trace, then runs the best of what was found on ranges of it and with faster
 * arrivals: a setting that just holds by luck falls behind. The ranking is that of the first part; the second, which the
 * search never sees, only tells whether it holds.
 */
export async function recommend(request: RecommendRequest, hooks: RecommendHooks = {}): Promise<Recommendation> {
  const { base, families, halves, attainment, margin, runs, seed, stress, out, alternatives } = request;
  makeFolder(out);
  const results = new ResultsFile(join(out, "results.jsonl"));
  const pool = new LocalPool(request.parallel);
  const parts = {
    tune: partOf(halves.tune),
    ranges: [...halves.ranges.map((range) => partOf(range)), ...(stress === 1 ? [] : [partOf(halves.tune, stress)])],
    heldOut: partOf(halves.heldOut),
  };
  const runner = new Runner(pool, results, request, hooks);
  try {
    const given = givenCandidate(base);
    const onTune = (candidates: readonly Candidate[]) => runner.outcomes(candidates, parts.tune);
    let trials: Trial[] = [];
    let interrupted = false;
    try {
      trials = await search(families, { attainment: attainment + margin, runs, seed }, onTune);
      const finalists = finalistsOf(ranked(trials, attainment + margin), 2 * alternatives);
      const tested = await testedTrials(finalists, runner, [parts.tune, ...parts.ranges]);
      const best = simplestFirst(ranked(tested, attainment), attainment);
      const chosen = chosenFor(best, alternatives);
      const ranking = await settingsOf(chosen, base, runner, parts);
      const asGiven = given === null ? null : await runner.givenSetting(given, parts);
      return { ranking, asGiven, ...runner.counts, interrupted };
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
function finalistsOf(best: readonly ScoredTrial[], most: number): ScoredTrial[] {
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

/** A fixed fleet that costs hardly more than the cheapest goes first: there is nothing in it that could go wrong. */
export function simplestFirst(best: readonly ScoredTrial[], attainment: number): ScoredTrial[] {
  const [first] = best;
  const simplest = best.find(({ candidate }) => candidate.family.policy === "static");
  if (first === undefined || simplest === undefined || first.outcome.attainment < attainment) return [...best];
  const asGood = simplest.outcome.attainment >= attainment;
  if (!asGood || simplest.outcome.gpuHours > first.outcome.gpuHours * hardlyMore) return [...best];
  return [simplest, ...best.filter((trial) => trial !== simplest)];
}

/** Trials with the worst of their figures on several parts. */
async function testedTrials(trials: readonly Trial[], runner: Runner, parts: readonly Part[]): Promise<Trial[]> {
  const candidates = trials.map(({ candidate }) => candidate);
  const figures: (PartFigures | null)[][] = [];
  for (const part of parts) figures.push(await runner.figures(candidates, part));
  return candidates.map((candidate, i) => ({ candidate, outcome: worstOutcome(figures.map((row) => row[i]!)) }));
}

/** A trial that has an outcome. */
export type ScoredTrial = Trial & { readonly outcome: Outcome };

/** The first so many, and after them the best of every family that is not among them. */
function chosenFor(best: readonly ScoredTrial[], alternatives: number): ScoredTrial[] {
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
  parts: { readonly tune: Part; readonly heldOut: Part },
): Promise<RankedSetting[]> {
  const candidates = trials.map(({ candidate }) => candidate);
  const tuned = await runner.figures(candidates, parts.tune);
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
      heldOut: heldOut[i]!,
    };
  });
}

/** The options as they were given, when they have an autoscaler or a size of their own. */
function givenCandidate(base: ReplayOptions): ReplayOptions | null {
  const given = base.plannerConfig !== undefined || base.policy !== undefined || base.numWorkers !== undefined;
  return given ? base : null;
}

/** Whether a trace can be cut in time: closed loops have no times. @throws TraceError when it cannot */
export function checkDivisible(trace: Trace): void {
  if (trace.arrivalMs.every((at) => Number.isNaN(at))) {
    throw new TraceError(trace.name, null, "its requests have no arrival times; there is no time to split");
  }
}
