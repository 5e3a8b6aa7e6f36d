import type { SeededRandom } from "../../random/seeded-random.ts";
import type { SessionDraft } from "./session-draft.ts";
import type { RequestFamily, WorkloadModel } from "./workload-model.ts";

/** Prompts of a draft: how long they are, and how much of them is the turn before. */
export interface PromptDraft {
  readonly input: Int32Array;
  /** Leading blocks shared with the turn before (first turns: 0; the family's prefix is counted apart). */
  readonly kept: Int32Array;
}

/**
 * Gives every request a prompt. Two scalars meet the published totals, whatever the seed: `stretch` on the lengths of
 * first prompts (input tokens), and an exponent on the kept part of edited prompts (unique blocks).
 */
export function draftPrompts(model: WorkloadModel, draft: SessionDraft, random: SeededRandom): PromptDraft {
  const growth = drawGrowth(model, draft, random);
  const input = new Int32Array(draft.count);
  fitStretch(model, draft, growth, input);
  const kept = new Int32Array(draft.count);
  fitKeptBlocks(model, draft, growth, input, kept);
  return { input, kept };
}

/** What was drawn for later turns, whether they turn out edited or not. */
interface Growth {
  /** Tokens more than the turn before, its answer not counted, if the prompt extends it. */
  readonly newTokens: Float64Array;
  /** The same if the prompt is edited. */
  readonly editedTokens: Float64Array;
  /** Part of the turn before that an edited prompt keeps. */
  readonly keptPart: Float64Array;
  /** Uniform; below the share of edited prompts = edited, after a prompt long enough. */
  readonly editDraw: Float64Array;
  /** Follows from the lengths: 1 = edited. */
  readonly edited: Uint8Array;
}

function drawGrowth(model: WorkloadModel, draft: SessionDraft, random: SeededRandom): Growth {
  const { count } = draft;
  const growth: Growth = {
    newTokens: new Float64Array(count),
    editedTokens: new Float64Array(count),
    keptPart: new Float64Array(count),
    editDraw: new Float64Array(count),
    edited: new Uint8Array(count),
  };
  for (let row = 0; row < count; row++) {
    if (draft.parent[row]! < 0) continue;
    const turns = model.families[draft.family[row]!]!.turns!;
    growth.newTokens[row] = turns.newTokens.at(random.uniform());
    growth.editDraw[row] = random.uniform();
    if (growth.editDraw[row]! >= turns.editedShare) continue;
    growth.editedTokens[row] = turns.editedTokens.at(random.uniform());
    growth.keptPart[row] = turns.keptPart.at(random.uniform());
  }
  return growth;
}

/** Secant steps on the stretch until the input tokens are right within 0.02 %. */
function fitStretch(model: WorkloadModel, draft: SessionDraft, growth: Growth, input: Int32Array): void {
  let goal = model.totals.inputTokens;
  const stretchable: FamilyRows[] = [];
  model.families.forEach((family, index) => {
    const rows = { family, start: draft.familyEnd[index - 1] ?? 0, end: draft.familyEnd[index]! };
    if (family.stretchAbove === undefined) goal -= setInputs(rows, draft, growth, 1, input);
    else stretchable.push(rows);
  });
  const setAll = (stretch: number) =>
    stretchable.reduce((sum, rows) => sum + setInputs(rows, draft, growth, stretch, input), 0);
  const tolerance = model.totals.inputTokens * 2e-4;
  let stretch = 1;
  let total = setAll(stretch);
  let nextStretch = 1 + (1.5 * (goal - total)) / total;
  for (let step = 0; step < 8 && Math.abs(total - goal) > tolerance; step++) {
    const nextTotal = setAll(nextStretch);
    const slope = (nextTotal - total) / (nextStretch - stretch);
    // Lengths that cannot be stretched stay as drawn.
    if (!(slope > 0)) return;
    stretch = nextStretch;
    total = nextTotal;
    nextStretch = stretch + (goal - total) / slope;
  }
}

interface FamilyRows {
  readonly family: RequestFamily;
  readonly start: number;
  readonly end: number;
}

/** Sets the prompt lengths of a family; returns their sum. Turns before stand before. */
function setInputs(
  { family, start, end }: FamilyRows,
  draft: SessionDraft,
  growth: Growth,
  stretch: number,
  input: Int32Array,
): number {
  const { parent: parents, output, firstInput } = draft;
  const least = family.firstInput.at(0);
  const most = family.firstInput.at(1);
  const above = family.stretchAbove ?? Infinity;
  const keepsAnswers = family.turns?.keepsAnswers ?? false;
  const editedAbove = family.turns?.editedAbove ?? Infinity;
  const editedShare = family.turns?.editedShare ?? 0;
  let total = 0;
  for (let row = start; row < end; row++) {
    const parent = parents[row]!;
    let tokens = firstInput[row]!;
    if (parent >= 0) {
      const before = input[parent]!;
      const edited = before > editedAbove && growth.editDraw[row]! < editedShare;
      growth.edited[row] = edited ? 1 : 0;
      tokens = before + (edited ? growth.editedTokens[row]! : growth.newTokens[row]!);
      if (!edited && keepsAnswers) tokens += output[parent]!;
    } else if (tokens > above) {
      tokens = above + (tokens - above) * stretch;
    }
    input[row] = Math.min(most, Math.max(least, tokens));
    total += input[row]!;
  }
  return total;
}

/** Bisection on the exponent until the unique blocks are right, or as near as editing can bring them. */
function fitKeptBlocks(
  model: WorkloadModel,
  draft: SessionDraft,
  growth: Growth,
  input: Int32Array,
  kept: Int32Array,
): void {
  const { blockSize } = model;
  const prefixes = model.families.map((family) => family.prefixBlocks);
  const edited: number[] = [];
  let total = 0;
  // The first prompt of each family brings the prefix.
  let sharedPrefix = -prefixes.reduce((sum, blocks) => sum + blocks, 0);
  let keptWhole = 0;
  for (let row = 0; row < draft.count; row++) {
    total += Math.ceil(input[row]! / blockSize);
    const parent = draft.parent[row]!;
    if (parent < 0) {
      sharedPrefix += prefixes[draft.family[row]!]!;
    } else if (growth.edited[row] === 0) {
      kept[row] = Math.min(Math.floor(input[parent]! / blockSize), Math.ceil(input[row]! / blockSize));
      keptWhole += kept[row]!;
    } else {
      edited.push(row);
    }
  }
  const goal = total - model.totals.uniqueBlocks - sharedPrefix - keptWhole;
  const keepEdited = (exponent: number): number => {
    let sum = 0;
    for (const row of edited) {
      const before = input[draft.parent[row]!]!;
      const most = Math.min(Math.floor(before / blockSize), Math.floor((input[row]! - 1) / blockSize));
      const blocks = Math.floor(Math.ceil(before / blockSize) * growth.keptPart[row]! ** exponent);
      kept[row] = Math.max(prefixes[draft.family[row]!]!, Math.min(most, blocks));
      sum += kept[row]!;
    }
    return sum;
  };
  let low = 0;
  let high = 16;
  for (let step = 0; step < 12; step++) {
    const middle = (low + high) / 2;
    if (keepEdited(middle) > goal) low = middle;
    else high = middle;
  }
}
