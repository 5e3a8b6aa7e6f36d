import { SeededRandom } from "../../random/seeded-random.ts";
import type { Trace } from "../trace.ts";
import type { LoadShape } from "./load-shape.ts";
import type { LogNormalLength } from "./log-normal-lengths.ts";
import { logNormalLengths } from "./log-normal-lengths.ts";
import { poissonArrivals } from "./poisson-arrivals.ts";

/** Prompts of every shape, tokens. */
const promptLength: LogNormalLength = { median: 1500, sigma: 1.1, most: 60_000 };

/** Answers of every shape, tokens. */
const answerLength: LogNormalLength = { median: 250, sigma: 0.7, most: 4000 };

/** Draws a trace with the shape's arrivals, whose prompts share nothing. The same shape and seed give the same trace. */
export function generateLoadShape(shape: LoadShape, seed: number): Trace {
  const random = new SeededRandom(seed);
  const intensity = shape.intensity(random.fork(0));
  const arrivalMs = poissonArrivals(intensity, shape.durationSeconds, random.fork(1));
  const count = arrivalMs.length;
  return {
    name: shape.name,
    count,
    arrivalMs,
    inputLength: logNormalLengths(count, promptLength, random.fork(2)),
    outputLength: logNormalLengths(count, answerLength, random.fork(3)),
    blocks: null,
    sessions: null,
    notes: [],
  };
}
