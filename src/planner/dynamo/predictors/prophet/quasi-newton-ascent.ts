import type { TrendModel } from "./trend-model.ts";
import { correctionOf, dot, setDownhill, type Correction } from "../quasi-newton.ts";
import { leastOfCubic, searchWolfe } from "./wolfe-search.ts";
import type { Line, Place } from "./wolfe-search.ts";

const MEMORY = 5;
const MOST_STEPS = 10_000;
const FIRST_STEP = 1e-3;
const LEAST_STEP = 1e-12;
const VALUE_TOLERANCE = 1e-12;
const GRADIENT_TOLERANCE = 1e-8;
const PARAMETER_TOLERANCE = 1e-8;
const RELATIVE_VALUE_TOLERANCE = 1e4 * 2 ** -52;
const RELATIVE_GRADIENT_TOLERANCE = 1e7 * 2 ** -52;

/**
 * Parameters of high density by limited-memory BFGS as Stan runs it (D. C. Liu, J. Nocedal, Mathematical Programming 45, 1989): the
 * reference fits series of 100 values and more this way. Edges of the density make it stop where it does, so its steps are followed.
 * @returns null where no step leads on, not even along the gradient
 */
export function quasiNewtonAscent(model: TrendModel): Float64Array | null {
  const start = look(model, model.start());
  if (start === null) return null;
  let place = start;
  let memory: Correction[] = [];
  const weights = new Float64Array(MEMORY);
  let direction = negative(place.gradient);
  /** Step, direction and place before, for the guess of the next step. */
  let last: { readonly step: number; readonly direction: Float64Array; readonly place: Place } | null = null;
  for (let iteration = 1; ; iteration++) {
    const guess = last === null ? FIRST_STEP : guessStep(last, place);
    let reset: boolean = last === null;
    let found = searchWolfe(place, direction, guess, lineFrom(model, place, direction));
    if (found === null && !reset) {
      reset = true;
      direction = negative(place.gradient);
      found = searchWolfe(place, direction, FIRST_STEP, lineFrom(model, place, direction));
    }
    if (found === null) return null;
    const before = place;
    place = found.place;
    const step = difference(place.parameters, before.parameters);
    const change = difference(place.gradient, before.gradient);
    if (reset) memory = [];
    // Scaled as the first curvature met would have it.
    const scale: number = reset ? dot(change, change) / dot(change, step) : 1;
    last = { step: found.step * scale, direction: direction.map((entry) => entry / scale), place: before };
    if (memory.length === MEMORY) memory.shift();
    memory.push(correctionOf(step, change));
    direction = new Float64Array(model.size);
    setDownhill(direction, place.gradient, memory, weights);
    if (isSettled(before, place, step, direction) || iteration >= MOST_STEPS) return place.parameters;
  }
}

function guessStep(last: { step: number; direction: Float64Array; place: Place }, place: Place): number {
  const slope = dot(last.place.gradient, last.direction);
  const slopeHere = dot(place.gradient, last.direction);
  const least = leastOfCubic(slope, last.step, place.value - last.place.value, slopeHere, LEAST_STEP, 1);
  return 1.01 * least < 1 ? 1.01 * least : 1;
}

function isSettled(before: Place, place: Place, step: Float64Array, direction: Float64Array): boolean {
  const decrease = Math.abs(before.value - place.value);
  return (
    decrease < VALUE_TOLERANCE ||
    Math.sqrt(dot(place.gradient, place.gradient)) < GRADIENT_TOLERANCE ||
    Math.sqrt(dot(step, step)) < PARAMETER_TOLERANCE ||
    -dot(direction, place.gradient) / Math.max(Math.abs(place.value), 1) < RELATIVE_GRADIENT_TOLERANCE ||
    decrease / Math.max(Math.abs(before.value), Math.abs(place.value), 1) < RELATIVE_VALUE_TOLERANCE
  );
}

function lineFrom(model: TrendModel, { parameters }: Place, direction: Float64Array): Line {
  return (step) =>
    look(
      model,
      parameters.map((entry, i) => entry + step * direction[i]!),
    );
}

/** What is minimised is the density's logarithm, turned round. */
function look(model: TrendModel, parameters: Float64Array): Place | null {
  const value = -model.logDensity(parameters);
  if (!Number.isFinite(value)) return null;
  const gradient = negative(model.gradient(parameters));
  return gradient.every(Number.isFinite) ? { parameters, value, gradient } : null;
}

function negative(values: Float64Array): Float64Array {
  return values.map((entry) => -entry);
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((entry, i) => entry - b[i]!);
}
