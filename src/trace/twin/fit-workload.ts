import { QuantileCurve } from "../presets/quantile-curve.ts";
import type { RequestFamily, TurnModel, WorkloadModel } from "../presets/workload-model.ts";
import type { Trace, TraceBlocks } from "../trace.ts";
import { TraceError } from "../trace-error.ts";
import { knownTimes, risingOrder } from "../transform/arrival-order.ts";
import { selectRequests } from "../transform/select-requests.ts";
import type { PrefixFamily } from "./prefix-families.ts";
import { prefixFamilies } from "./prefix-families.ts";
import type { PromptLineage } from "./prompt-lineage.ts";
import { promptLineage } from "./prompt-lineage.ts";

/** Pieces of the duration in which the rate of a family is measured. */
const ratePieces = 12;
/** Fewer follow-ups than this tell nothing: the family then has single turns only. */
const leastFollowUps = 20;

/**
 * Fits a workload model to a trace: shares, prefixes, rates, lengths and turns of its families, so that requests drawn
 * from the model are its statistical twin. Follow-ups are recognised by the blocks they share; recorded sessions are
 * not used.
 *
 * @throws TraceError for a trace without arrival times.
 */
export function fitWorkload(trace: Trace): WorkloadModel {
  const withoutTime = trace.arrivalMs.filter((at) => Number.isNaN(at)).length;
  if (withoutTime > 0) {
    const why = trace.sessions === null ? "" : ": later turns of its sessions follow those before them";
    const message = `a twin needs the arrival time of every request, ${withoutTime} of ${trace.count} have none${why}`;
    throw new TraceError(trace.name, null, message);
  }
  const { arrivalMs, inputLength, outputLength, blocks, count } = selectRequests(
    { ...trace, sessions: null },
    risingOrder(knownTimes({ ...trace, sessions: null })),
  );
  const durationMs = Math.max(1, arrivalMs.at(-1)!);
  const recorded: Recorded = { arrivalMs, inputLength, outputLength, durationMs, blocks, lineage: null };
  const blockSize = blocks?.blockSize ?? 512;
  const all = Array.from({ length: count }, (_, request) => request);
  const families: readonly PrefixFamily[] =
    blocks === null ? [{ requests: all, prefixBlocks: 0 }] : prefixFamilies(blocks);
  if (blocks !== null) recorded.lineage = promptLineage(blocks);
  return {
    name: `twin of ${trace.name}`,
    description: `drawn from the statistics of ${trace.name}`,
    requests: count,
    durationSeconds: durationMs / 1000,
    tickMs: tickOf(arrivalMs),
    blockSize,
    totals: {
      inputTokens: sum(inputLength),
      uniqueBlocks: blocks?.distinct ?? inputLength.reduce((total, tokens) => total + Math.ceil(tokens / blockSize), 0),
    },
    families: families.map((family) => fitFamily(recorded, family, count)),
  };
}

interface Recorded {
  readonly arrivalMs: Float64Array;
  readonly inputLength: Int32Array;
  readonly outputLength: Int32Array;
  readonly durationMs: number;
  readonly blocks: TraceBlocks | null;
  lineage: PromptLineage | null;
}

function fitFamily(recorded: Recorded, { requests, prefixBlocks }: PrefixFamily, count: number): RequestFamily {
  const { lineage } = recorded;
  const followUps = requests.filter((request) => lineage !== null && lineage.depth[request]! > prefixBlocks);
  const turns = followUps.length < leastFollowUps ? null : fitTurns(recorded, requests, followUps);
  const later = new Set(turns === null ? [] : followUps);
  const first = requests.filter((request) => !later.has(request));
  const firstInput = curveOf(first.map((request) => recorded.inputLength[request]!));
  return {
    share: requests.length / count,
    prefixBlocks,
    rate: rateOf(recorded, first),
    firstInput,
    output: curveOf(requests.map((request) => recorded.outputLength[request]!)),
    stretchAbove: firstInput.at(0),
    ...(turns === null ? {} : { turns }),
  };
}

function fitTurns(recorded: Recorded, requests: readonly number[], followUps: readonly number[]): TurnModel {
  const { arrivalMs, inputLength, outputLength, durationMs } = recorded;
  const { parent, depth } = recorded.lineage!;
  const blockSize = recorded.blocks!.blockSize;
  const later = new Set(followUps);
  const growth = (request: number) => inputLength[request]! - inputLength[parent[request]!]!;
  const wholeBlocks = (request: number) => Math.floor(inputLength[parent[request]!]! / blockSize);
  // A follow-up extends the prompt before it when it has all its whole blocks.
  const extended = followUps.filter((request) => depth[request]! >= wholeBlocks(request));
  const edited = followUps.filter((request) => depth[request]! < wholeBlocks(request));
  const answer = (request: number) => outputLength[parent[request]!]!;
  const keepsAnswers =
    median(extended.map((request) => Math.abs(growth(request) - answer(request)))) <
    median(extended.map((request) => Math.abs(growth(request))));

  // What begins late is cut off by the end of the recording: early turns tell the truth, if there are enough.
  const early = followUps.filter((request) => arrivalMs[parent[request]!]! < 0.3 * durationMs);
  const gapsOf = early.length >= 50 ? early : followUps;
  return {
    loneShare: 0,
    longShare: 0,
    longGoesOn: 1,
    goesOn: goesOnOf(recorded, requests, later),
    gapSeconds: curveOf(gapsOf.map((request) => (arrivalMs[request]! - arrivalMs[parent[request]!]!) / 1000)),
    keepsAnswers,
    newTokens: curveOf(extended.map((request) => growth(request) - (keepsAnswers ? answer(request) : 0))),
    editedAbove: edited.length === 0 ? 0 : leastEdited(recorded, edited),
    editedShare: editedShareOf(recorded, extended, edited),
    editedTokens: curveOf(edited.map(growth)),
    keptPart: curveOf(edited.map((request) => depth[request]! / Math.ceil(inputLength[parent[request]!]! / blockSize))),
  };
}

/** Of the turns after prompts as long as any that was edited, how many are edited. */
function editedShareOf(recorded: Recorded, extended: readonly number[], edited: readonly number[]): number {
  if (edited.length === 0) return 0;
  const { inputLength } = recorded;
  const { parent } = recorded.lineage!;
  const least = leastEdited(recorded, edited);
  const comparable = extended.filter((request) => inputLength[parent[request]!]! > least);
  return edited.length / (edited.length + comparable.length);
}

/** Tokens of the shortest prompt that was edited; Infinity without any. */
function leastEdited({ inputLength, lineage }: Recorded, edited: readonly number[]): number {
  const { parent } = lineage!;
  return edited.reduce((least, request) => Math.min(least, inputLength[parent[request]!]!), Infinity);
}

/** Chance to go on after turn 0, 1, …, from the first half of the recording where that has enough turns. */
function goesOnOf(recorded: Recorded, requests: readonly number[], later: ReadonlySet<number>): number[] {
  const { parent } = recorded.lineage!;
  const turnOf = new Map<number, number>();
  const goneOn = new Set<number>();
  for (const request of requests) {
    const before = later.has(request) ? parent[request]! : -1;
    turnOf.set(request, before < 0 ? 0 : (turnOf.get(before) ?? 0) + 1);
    if (before >= 0) goneOn.add(before);
  }
  const chances: number[] = [];
  for (let turn = 0; turn < 8; turn++) {
    const atTurn = requests.filter((request) => turnOf.get(request) === turn);
    const early = atTurn.filter((request) => recorded.arrivalMs[request]! < recorded.durationMs / 2);
    const counted = early.length >= leastFollowUps ? early : atTurn;
    if (counted.length < leastFollowUps && turn > 0) break;
    chances.push(counted.filter((request) => goneOn.has(request)).length / counted.length);
  }
  return chances;
}

/** Relative rate at the ends of equal pieces of the duration: the mean of the pieces on both sides. */
function rateOf({ arrivalMs, durationMs }: Recorded, first: readonly number[]): number[] {
  const counts = Array.from({ length: ratePieces }, () => 0);
  for (const request of first) {
    counts[Math.min(ratePieces - 1, Math.floor((arrivalMs[request]! / durationMs) * ratePieces))]! += 1;
  }
  const at = (piece: number) => counts[Math.max(0, Math.min(ratePieces - 1, piece))]!;
  // A rate of 0 at both ends of a piece could draw nothing there at all.
  return Array.from({ length: ratePieces + 1 }, (_, end) => Math.max(1e-3, (at(end - 1) + at(end)) / 2));
}

/** Arrivals that mostly share their times stand on a grid as wide as the usual distance; others on one of 1 ms. */
function tickOf(arrivalMs: Float64Array): number {
  const times = [...new Set(arrivalMs)];
  if (times.length < 2 || times.length * 2 > arrivalMs.length) return 1;
  return Math.max(1, Math.round(median(times.slice(1).map((at, index) => at - times[index]!))));
}

function curveOf(values: readonly number[]): QuantileCurve {
  if (values.length === 0) return QuantileCurve.ofSample([0]);
  return QuantileCurve.ofSample(values);
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}

function sum(values: Int32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
