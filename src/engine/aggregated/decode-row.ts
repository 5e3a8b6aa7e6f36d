import { end, firstEnd, lastStart, secondLastStart, start } from "./clock.ts";
import type { DecodeTimes } from "./decode-times.ts";
import type { RunningBatch } from "./running-batch.ts";

/**
 * Times a row of at most `most` passes in which every running request emits one token and nothing else happens. They
 * start one after another before `untilNs`, the first of them certainly.
 * @param clock shows where the row starts; told where its first and last passes lie
 * @returns how many passes the row has
 */
export function runRow(
  clock: Float64Array,
  batch: RunningBatch,
  times: DecodeTimes,
  most: number,
  untilNs: number,
): number {
  return times.byBlocksOnly
    ? runEqual(clock, batch, times, most, untilNs)
    : runUnequal(clock, batch, times, most, untilNs);
}

/** All passes of the row take the same time. */
function runEqual(clock: Float64Array, batch: RunningBatch, times: DecodeTimes, most: number, untilNs: number): number {
  const { decodes, sumKnown } = batch;
  const { active } = batch.pool;
  const startNs = clock[start]!;
  const passNs = times.nanoseconds(decodes, sumKnown, active);
  let count = Math.min(most, Math.ceil((untilNs - startNs) / passNs));
  // The quotient may be off by one where a pass starts next to `untilNs`.
  if (count > 1 && startNs + (count - 1) * passNs >= untilNs) count--;
  else if (count < most && startNs + count * passNs < untilNs) count++;
  times.counted(decodes, sumKnown, active, decodes * count);
  clock[firstEnd] = startNs + passNs;
  clock[secondLastStart] = startNs + (count - 2) * passNs;
  clock[lastStart] = startNs + (count - 1) * passNs;
  clock[end] = startNs + count * passNs;
  return count;
}

/** Every pass of the row has a time of its own. */
function runUnequal(
  clock: Float64Array,
  batch: RunningBatch,
  times: DecodeTimes,
  most: number,
  untilNs: number,
): number {
  const { decodes } = batch;
  const { active } = batch.pool;
  let { sumKnown } = batch;
  let atNs = clock[start]!;
  let lastNs = atNs;
  let secondLastNs = atNs;
  let count = 0;
  while (count < most && atNs < untilNs) {
    const table = times.find(decodes, sumKnown, active);
    const { step } = times;
    let { place } = times;
    const stretchEnd = Math.min(most, count + times.stretch);
    while (count < stretchEnd && atNs < untilNs) {
      let passNs = table === null ? 0 : table.times[place]!;
      if (passNs === 0) passNs = times.counted(decodes, sumKnown, active, decodes);
      else table!.tokens[place]! += decodes;
      secondLastNs = lastNs;
      lastNs = atNs;
      atNs += passNs;
      if (count === 0) clock[firstEnd] = atNs;
      count++;
      sumKnown += decodes;
      place += step;
    }
  }
  clock[secondLastStart] = secondLastNs;
  clock[lastStart] = lastNs;
  clock[end] = atNs;
  return count;
}
