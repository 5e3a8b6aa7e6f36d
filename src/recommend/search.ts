import { SeededRandom } from "../random/seeded-random.ts";
import { candidateKey } from "./candidate.ts";
import type { Candidate } from "./candidate.ts";
import type { Family } from "./search-space.ts";

/** What a run of a candidate gave. */
export interface Outcome {
  readonly attainment: number;
  readonly gpuHours: number;
}

/** A candidate that was tried; null = its run failed. */
export interface Trial {
  readonly candidate: Candidate;
  readonly outcome: Outcome | null;
}

/** A trial whose run gave something. */
export type ScoredTrial = Trial & { readonly outcome: Outcome };

/** Runs candidates; answers in their order. */
export type Evaluate = (candidates: readonly Candidate[]) => Promise<(Outcome | null)[]>;

/** What is looked for, and how long. */
export interface SearchGoal {
  /** Attainment to hold while tuning. */
  readonly attainment: number;
  /** Runs to spend. */
  readonly runs: number;
  readonly seed: number;
}

/** Candidates whose neighbours are tried in a round, and neighbours of each. */
const parents = 6;
const children = 2;

/**
 * Looks for the cheapest setting that holds an attainment. Each family starts with its defaults and a spread of random
 * settings; then, round by round, the best settings get neighbours a step or two away in one or two dimensions. The same
 * seed gives the same search, however many runs go on at a time.
 */
export async function search(families: readonly Family[], goal: SearchGoal, evaluate: Evaluate): Promise<Trial[]> {
  const random = new SeededRandom(goal.seed);
  const trials = new Map<string, Trial>();
  const attempt = async (candidates: readonly Candidate[]): Promise<number> => {
    const fresh = [...new Map(candidates.map((one) => [candidateKey(one), one]))].filter(([key]) => !trials.has(key));
    const batch = fresh.slice(0, Math.max(0, goal.runs - trials.size));
    const outcomes = await evaluate(batch.map(([, candidate]) => candidate));
    batch.forEach(([key, candidate], i) => trials.set(key, { candidate, outcome: outcomes[i]! }));
    return batch.length;
  };
  await attempt(families.map((family) => ({ family, places: family.dimensions.map(() => null) })));
  const each = Math.max(1, Math.floor((goal.runs * 0.45) / Math.max(1, families.length)));
  await attempt(families.flatMap((family) => Array.from({ length: each }, () => randomCandidate(family, random))));
  let idle = 0;
  while (trials.size < goal.runs && idle < 20) {
    const best = ranked([...trials.values()], goal.attainment).slice(0, parents);
    if (best.length === 0) break;
    const next = best.flatMap(({ candidate }) => Array.from({ length: children }, () => neighbour(candidate, random)));
    idle = (await attempt(next)) === 0 ? idle + 1 : 0;
  }
  return [...trials.values()];
}

/** Trials that ran, best first: those that hold the attainment by cost, then the others by what they attain. */
export function ranked(trials: readonly Trial[], attainment: number): ScoredTrial[] {
  return trials
    .filter((trial): trial is ScoredTrial => trial.outcome !== null)
    .toSorted((a, b) => {
      const [left, right] = [a.outcome, b.outcome];
      const holds = Number(right.attainment >= attainment) - Number(left.attainment >= attainment);
      if (holds !== 0) return holds;
      return left.attainment >= attainment
        ? left.gpuHours - right.gpuHours || right.attainment - left.attainment
        : right.attainment - left.attainment || left.gpuHours - right.gpuHours;
    });
}

function randomCandidate(family: Family, random: SeededRandom): Candidate {
  return { family, places: family.dimensions.map(({ values }) => random.integer(values.length)) };
}

/** One or two dimensions moved a step or two; a dimension left as it was begins at its middle. */
function neighbour({ family, places }: Candidate, random: SeededRandom): Candidate {
  const moved = [...places];
  const moves = Math.min(family.dimensions.length, 1 + random.integer(2));
  for (let i = 0; i < moves; i++) {
    const dimension = random.integer(family.dimensions.length);
    const { values } = family.dimensions[dimension]!;
    const from = moved[dimension] ?? Math.floor(values.length / 2);
    const step = (1 + random.integer(2)) * (random.integer(2) === 0 ? -1 : 1);
    moved[dimension] = Math.min(values.length - 1, Math.max(0, from + step));
  }
  return { family, places: moved };
}
