import { ChaCha12Stream } from "../random/chacha12-stream.ts";
import { SeededRandom } from "../random/seeded-random.ts";
import { cumulativePrompts } from "./cumulative-prompts.ts";
import type { Trace, TraceBlocks, TraceSessions } from "./trace.ts";

/** A made-up workload of equal requests (engine-reference §2.7). */
export interface SyntheticSpec {
  /** Tokens of each prompt. */
  readonly inputTokens: number;
  /** Tokens of each answer. */
  readonly outputTokens: number;
  /** Requests; sessions when `turnsPerSession` > 1. */
  readonly requestCount: number;
  /** Mean arrivals per second, random gaps; null = not this way. */
  readonly requestRate: number | null;
  /** Fixed gap between arrivals, ms; null = not this way. Both null: all at 0, as for a closed loop. */
  readonly arrivalIntervalMs: number | null;
  /** Seed of random gaps. */
  readonly arrivalSeed: number;
  /**
   * Shape of the gamma-distributed gaps of `requestRate`: 1 = exponential (Poisson arrivals), less = bursts, more =
   * regular. @default 1
   */
  readonly burstiness?: number;
  readonly turnsPerSession: number;
  /** Share of a prompt's blocks that its group has in common; acts only with `numPrefixGroups` > 0. */
  readonly sharedPrefixRatio: number;
  readonly numPrefixGroups: number;
  /** Think time between the turns of a session, ms. */
  readonly interTurnDelayMs: number;
  /** A turn's prompt is all turns before it, answers included, and `inputTokens` more. @default false */
  readonly cumulativePrompts?: boolean;
}

/** Seed of the draws of prefix groups, whatever the seed of the gaps, as in the reference. */
const GROUP_SEED = 42;

/**
 * Makes the requests of a synthetic workload. As in the reference, the turns of a session do not contain each other
 * (what they share is the group's prefix), and gaps and groups are its draws bit for bit, unless cumulative prompts are
 * asked for: then the first turn has the group's prefix and the later ones bring something new.
 *
 * @param blockSize Tokens per block; the engine's own.
 */
export function syntheticTrace(spec: SyntheticSpec, blockSize: number): Trace {
  const turns = spec.turnsPerSession;
  const count = spec.requestCount * turns;
  const arrivalMs = new Float64Array(count);
  fillArrivals(spec, turns, arrivalMs);
  const cumulative = spec.cumulativePrompts === true && turns > 1;
  const trace: Trace = {
    name: "synthetic",
    count,
    arrivalMs,
    inputLength: new Int32Array(count).fill(spec.inputTokens),
    outputLength: new Int32Array(count).fill(spec.outputTokens),
    blocks: sharedBlocks(spec, count, blockSize, cumulative),
    sessions: turns > 1 ? sessionsOf(spec, count) : null,
    notes: [],
  };
  return cumulative ? cumulativePrompts(trace, blockSize) : trace;
}

function fillArrivals(spec: SyntheticSpec, turns: number, arrivalMs: Float64Array): void {
  const { requestRate, arrivalIntervalMs } = spec;
  if (requestRate !== null) {
    const meanMs = 1000 / requestRate;
    const draw = gapsOf(spec);
    let at = 0;
    for (let row = 0; row < arrivalMs.length; row += turns) {
      if (row > 0) at += draw() * meanMs;
      arrivalMs.fill(at, row, row + turns);
    }
  } else if (arrivalIntervalMs !== null) {
    for (let row = 0; row < arrivalMs.length; row += turns) {
      arrivalMs.fill((row / turns) * arrivalIntervalMs, row, row + turns);
    }
  }
}

/** Draws gaps between arrivals, in units of their mean. */
function gapsOf({ arrivalSeed, burstiness: shape = 1 }: SyntheticSpec): () => number {
  if (shape === 1) {
    const stream = new ChaCha12Stream(arrivalSeed);
    return () => -Math.log(1 - stream.uniform());
  }
  const random = new SeededRandom(arrivalSeed).fork(0);
  return () => random.gamma(shape) / shape;
}

/** Blocks of all prompts, or null when none is shared. */
function sharedBlocks(
  spec: SyntheticSpec,
  count: number,
  blockSize: number,
  onlyFirstTurns: boolean,
): TraceBlocks | null {
  const perPrompt = Math.ceil(spec.inputTokens / blockSize);
  const shared = Math.round(perPrompt * spec.sharedPrefixRatio);
  if (shared === 0 || spec.numPrefixGroups === 0) return null;
  const offsets = new Float64Array(count + 1);
  const ids = new Int32Array(count * perPrompt);
  const stream = new ChaCha12Stream(GROUP_SEED);
  const groupStart = new Int32Array(spec.numPrefixGroups).fill(-1);
  let next = 0;
  let group = 0;
  for (let row = 0; row < count; row++) {
    if (row % spec.turnsPerSession === 0) group = stream.integer(spec.numPrefixGroups);
    let at = row * perPrompt;
    offsets[row + 1] = at + perPrompt;
    if (onlyFirstTurns && row % spec.turnsPerSession > 0) {
      while (at < offsets[row + 1]!) ids[at++] = next++;
      continue;
    }
    if (groupStart[group]! < 0) {
      groupStart[group] = next;
    } else {
      for (let block = 0; block < shared; block++) ids[at++] = groupStart[group]! + block;
    }
    while (at < offsets[row + 1]!) ids[at++] = next++;
  }
  return { blockSize, offsets, ids, distinct: next };
}

function sessionsOf(spec: SyntheticSpec, count: number): TraceSessions {
  const turns = spec.turnsPerSession;
  const sessionOf = new Int32Array(count);
  const turnOf = new Int32Array(count);
  const delayMs = new Float64Array(count);
  for (let row = 0; row < count; row++) {
    sessionOf[row] = Math.floor(row / turns);
    turnOf[row] = row % turns;
    if (row % turns > 0) delayMs[row] = spec.interTurnDelayMs;
  }
  const names = Array.from({ length: spec.requestCount }, (_, session) => `session_${session}`);
  return { sessionOf, turnOf, delayMs, names };
}
