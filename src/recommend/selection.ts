import type { Candidate } from "./candidate.ts";
import type { RankedSetting } from "./recommendation.ts";
import type { Family } from "./search-space.ts";
import type { Outcome, ScoredTrial } from "./search.ts";

/** How many times the cheapest setting's GPU-hours still count as the same cost. */
const hardlyMore = 1.02;
/** What another setting must attain more of the grown load to go before a fixed fleet. */
const clearlyMore = 0.02;

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
