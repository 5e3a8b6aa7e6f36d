import { SeededRandom } from "../../random/seeded-random.ts";
import type { Trace } from "../trace.ts";
import type { PromptDraft } from "./prompt-draft.ts";
import { draftPrompts } from "./prompt-draft.ts";
import type { SessionDraft } from "./session-draft.ts";
import { draftSessions } from "./session-draft.ts";
import type { WorkloadModel } from "./workload-model.ts";

/** Draws a trace from a workload model. The same model and seed give the same trace. */
export function generateWorkload(model: WorkloadModel, seed: number): Trace {
  const random = new SeededRandom(seed);
  const sessions = draftSessions(model, random.fork(0));
  const prompts = draftPrompts(model, sessions, random.fork(1));
  return writeTrace(model, sessions, prompts);
}

function writeTrace(model: WorkloadModel, draft: SessionDraft, prompts: PromptDraft): Trace {
  const { count } = draft;
  const { blockSize } = model;
  const order = orderByTick(draft.tick);
  const arrivalMs = new Float64Array(count);
  const inputLength = new Int32Array(count);
  const outputLength = new Int32Array(count);
  const offsets = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) {
    const row = order[index]!;
    arrivalMs[index] = (draft.tick[row]! - draft.tick[order[0]!]!) * model.tickMs;
    inputLength[index] = prompts.input[row]!;
    outputLength[index] = draft.output[row]!;
    offsets[index + 1] = offsets[index]! + Math.ceil(inputLength[index]! / blockSize);
  }
  const ids = new Int32Array(offsets[count]!);
  const distinct = writeBlocks(model, draft, prompts, order, offsets, ids);
  return {
    name: model.name,
    count,
    arrivalMs,
    inputLength,
    outputLength,
    blocks: distinct === ids.length ? null : { blockSize, offsets, ids, distinct },
    sessions: null,
    notes: [],
  };
}

/** Rows by arrival; those of one tick in the order drawn. A counting sort. */
function orderByTick(tick: Int32Array): Int32Array {
  let last = 0;
  for (let row = 0; row < tick.length; row++) if (tick[row]! > last) last = tick[row]!;
  const next = new Int32Array(last + 2);
  for (let row = 0; row < tick.length; row++) next[tick[row]! + 1]! += 1;
  for (let at = 1; at <= last; at++) next[at]! += next[at - 1]!;
  const order = new Int32Array(tick.length);
  for (let row = 0; row < tick.length; row++) order[next[tick[row]!]!++] = row;
  return order;
}

/** Fills in block ids in order of arrival; returns how many different ones there are. */
function writeBlocks(
  model: WorkloadModel,
  draft: SessionDraft,
  prompts: PromptDraft,
  order: Int32Array,
  offsets: Float64Array,
  ids: Int32Array,
): number {
  /** First block of each row, by row. */
  const start = new Int32Array(draft.count);
  const prefixStart = model.families.map(() => -1);
  let nextId = 0;
  for (let index = 0; index < order.length; index++) {
    const row = order[index]!;
    const family = draft.family[row]!;
    const parent = draft.parent[row]!;
    let at = offsets[index]!;
    const end = offsets[index + 1]!;
    start[row] = at;
    if (parent >= 0) {
      let from = start[parent]!;
      for (const keptEnd = at + prompts.kept[row]!; at < keptEnd; at++) ids[at] = ids[from++]!;
    } else if (prefixStart[family]! < 0) {
      prefixStart[family] = nextId;
    } else {
      const prefixEnd = at + model.families[family]!.prefixBlocks;
      for (let id = prefixStart[family]!; at < prefixEnd; at++) ids[at] = id++;
    }
    for (; at < end; at++) ids[at] = nextId++;
  }
  return nextId;
}
