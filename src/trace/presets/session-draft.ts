import type { SeededRandom } from "../../random/seeded-random.ts";
import { stratifiedDraws } from "./stratified-draws.ts";
import type { RequestFamily, WorkloadModel } from "./workload-model.ts";

/** Who asks when: the requests of a workload before they have lengths. Sessions stand in turn order. */
export interface SessionDraft {
  readonly count: number;
  readonly family: Uint8Array;
  /** Where the rows of each family end; they stand together. */
  readonly familyEnd: number[];
  /** The turn before, as an index into these columns; −1 for first turns. */
  readonly parent: Int32Array;
  /** Arrival, in steps of the workload's grid. */
  readonly tick: Int32Array;
  /** Answer length, tokens. */
  readonly output: Int32Array;
  /** First turns: the drawn prompt length before it is stretched; later turns: 0. */
  readonly firstInput: Float64Array;
}

/** Draws sessions and their arrivals, family by family, until each has its share of the requests. */
export function draftSessions(model: WorkloadModel, random: SeededRandom): SessionDraft {
  const count = model.requests;
  const draft: SessionDraft = {
    count,
    family: new Uint8Array(count),
    familyEnd: [],
    parent: new Int32Array(count).fill(-1),
    tick: new Int32Array(count),
    output: new Int32Array(count),
    firstInput: new Float64Array(count),
  };
  let start = 0;
  model.families.forEach((family, index) => {
    const last = index === model.families.length - 1;
    const end = last ? count : Math.min(count, start + Math.round(family.share * count));
    draft.family.fill(index, start, end);
    draftFamily(draft, model, family, start, end, random.fork(index));
    draft.familyEnd.push(end);
    start = end;
  });
  return draft;
}

function draftFamily(
  draft: SessionDraft,
  model: WorkloadModel,
  family: RequestFamily,
  start: number,
  end: number,
  random: SeededRandom,
): void {
  const rate = new RateCurve(family.rate);
  const { turns } = family;
  const ticks = Math.floor((model.durationSeconds * 1000) / model.tickMs) + 1;
  /** First turns by the length of their prompts: sessions that never go on, usual ones, long ones. */
  const classes: number[][] = [[], [], []];
  const loneShare = turns?.loneShare ?? 1;
  const longFrom = turns === undefined ? 1 : 1 - turns.longShare;
  for (let row = start; row < end;) {
    const draw = random.uniform();
    const staysLone = turns === undefined || draw < loneShare;
    const long = draw >= longFrom;
    classes[staysLone ? 0 : long ? 2 : 1]!.push(row);
    const firstFactor = long && turns !== undefined ? turns.longGoesOn : 1;
    if (staysLone || turns.gapSeconds !== null) {
      let at = rate.at(random.uniform());
      draft.tick[row++] = Math.floor(at * ticks);
      if (staysLone) continue;
      for (
        let turn = 0;
        row < end && random.uniform() < chance(turns.goesOn, turn) * (turn === 0 ? firstFactor : 1);
        turn++
      ) {
        at += turns.gapSeconds!.at(random.uniform()) / model.durationSeconds;
        if (at >= 1) break;
        draft.parent[row] = row - 1;
        draft.tick[row++] = Math.floor(at * ticks);
      }
    } else {
      const times = [rate.at(random.uniform())];
      for (let turn = 0; row + times.length < end && random.uniform() < chance(turns.goesOn, turn); turn++) {
        times.push(rate.at(random.uniform()));
      }
      times.sort((one, other) => one - other);
      for (let turn = 0; turn < times.length; turn++) {
        if (turn > 0) draft.parent[row] = row - 1;
        draft.tick[row++] = Math.floor(times[turn]! * ticks);
      }
    }
  }
  drawFirstInputs(draft, family, classes[0]!, 0, loneShare, random);
  drawFirstInputs(draft, family, classes[1]!, loneShare, longFrom, random);
  drawFirstInputs(draft, family, classes[2]!, longFrom, 1, random);
  const outputs = stratifiedDraws(end - start, random);
  for (let row = start; row < end; row++) draft.output[row] = Math.round(family.output.at(outputs[row - start]!));
}

function chance(goesOn: readonly number[], turn: number): number {
  return goesOn[Math.min(turn, goesOn.length - 1)]!;
}

/**
 * Gives first turns lengths between two probabilities of the family's curve. Sessions are taken by size and the
 * lengths by a golden-ratio sequence, so that every size gets long and short prompts alike: how many tokens a
 * workload has then hardly depends on the seed.
 */
function drawFirstInputs(
  draft: SessionDraft,
  family: RequestFamily,
  rows: readonly number[],
  low: number,
  high: number,
  random: SeededRandom,
): void {
  let draw = random.uniform();
  for (const row of bySessionSize(draft, rows)) {
    draft.firstInput[row] = family.firstInput.at(low + (high - low) * draw);
    draw = (draw + goldenRatio) % 1;
  }
}

const goldenRatio = (Math.sqrt(5) - 1) / 2;

/** First turns in rising order of their sessions' sizes; a counting sort. */
function bySessionSize(draft: SessionDraft, rows: readonly number[]): Int32Array {
  const sizes = new Int32Array(rows.length);
  let largest = 0;
  for (let index = 0; index < rows.length; index++) {
    let end = rows[index]! + 1;
    while (end < draft.count && draft.parent[end] === end - 1) end++;
    const size = end - rows[index]!;
    sizes[index] = size;
    if (size > largest) largest = size;
  }
  const next = new Int32Array(largest + 2);
  for (let index = 0; index < sizes.length; index++) next[sizes[index]! + 1]! += 1;
  for (let size = 1; size <= largest; size++) next[size]! += next[size - 1]!;
  const ordered = new Int32Array(rows.length);
  for (let index = 0; index < sizes.length; index++) ordered[next[sizes[index]!]!++] = rows[index]!;
  return ordered;
}

/** Draws times in [0, 1) by a relative rate given at equally distant points, straight in between. */
class RateCurve {
  readonly #rate: readonly number[];
  readonly #cumulative: number[] = [0];

  constructor(rate: readonly number[]) {
    this.#rate = rate;
    for (let index = 1; index < rate.length; index++) {
      this.#cumulative.push(this.#cumulative[index - 1]! + (rate[index - 1]! + rate[index]!) / 2);
    }
  }

  at(u: number): number {
    const target = u * this.#cumulative.at(-1)!;
    let piece = 0;
    while (piece < this.#rate.length - 2 && target >= this.#cumulative[piece + 1]!) piece++;
    const rest = target - this.#cumulative[piece]!;
    const from = this.#rate[piece]!;
    const slope = this.#rate[piece + 1]! - from;
    // Solves from x + slope x² / 2 = rest for x in [0, 1).
    const within = slope === 0 ? rest / from : (Math.sqrt(from * from + 2 * slope * rest) - from) / slope;
    return Math.min((piece + within) / (this.#rate.length - 1), 1 - 2 ** -40);
  }
}
