import { dot } from "../quasi-newton.ts";

/** A place a search came to: what is minimised and its gradient there. */
export interface Place {
  readonly parameters: Float64Array;
  readonly value: number;
  readonly gradient: Float64Array;
}

/** A place on the line that is searched, and the slope along the line there. */
interface Trial {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
  readonly place: Place;
}

/** The place at a step along the line, or null where there is nothing to minimise. */
export type Line = (step: number) => Place | null;

const DECREASE = 1e-4;
const CURVATURE = 0.9;
const LEAST_STEP = 1e-12;
const MOST_GROWTHS = 20;
const MOST_RETREATS = 10;
const NARROWEST = 1e-16;

/**
 * A step with sufficient decrease and small slope, by brackets grown tenfold and narrowed with cubics (J. Nocedal, S. J.
 * Wright, Numerical Optimization, 2006, algorithms 3.5 and 3.6), as the reference's optimiser looks for it.
 * @param first tried first
 * @returns null where none was found
 */
export function searchWolfe(
  origin: Place,
  direction: Float64Array,
  first: number,
  line: Line,
): { step: number; place: Place } | null {
  const slope = dot(origin.gradient, direction);
  const search: Search = { line, direction, value: origin.value, slope };
  let before: Trial = { step: LEAST_STEP, value: origin.value, slope, place: origin };
  let step = first;
  for (let growths = 0, retreats = 0; growths < MOST_GROWTHS;) {
    const trial = tryStep(search, step);
    if (trial === null) {
      if (retreats++ >= MOST_RETREATS) return null;
      step = 0.5 * (before.step + step);
      continue;
    }
    retreats = 0;
    // The reference allows every trial the decrease of the first.
    const tooHigh = trial.value > origin.value + first * DECREASE * slope;
    if (tooHigh || (trial.value >= before.value && growths > 0)) return narrow(search, before, trial);
    if (Math.abs(trial.slope) <= -CURVATURE * slope) return trial;
    if (trial.slope >= 0) return narrow(search, trial, before);
    before = trial;
    step *= 10;
    growths++;
  }
  return null;
}

interface Search {
  readonly line: Line;
  readonly direction: Float64Array;
  /** At the origin. */
  readonly value: number;
  readonly slope: number;
}

function tryStep({ line, direction }: Search, step: number): Trial | null {
  const place = line(step);
  return place === null ? null : { step, value: place.value, slope: dot(place.gradient, direction), place };
}

/** Narrows a bracket whose lower end is the best so far. */
function narrow(search: Search, lowest: Trial, other: Trial): Trial | null {
  let low = lowest;
  let high = other;
  for (let count = 1; ; count++) {
    const width = Math.abs(low.step - high.step);
    const left = Math.min(low.step, high.step);
    const middle = 0.5 * (low.step + high.step);
    if (width < NARROWEST || middle === low.step || middle === high.step) return null;
    let step = count % 5 === 0 ? middle : cubicStep(low, high);
    if (!(step >= left + 0.01 * width && step <= left + 0.99 * width)) step = middle;
    let trial = tryStep(search, step);
    while (trial === null) {
      const nearer = 0.5 * (step + left);
      if (Math.abs(left - nearer) < NARROWEST || nearer === step) return null;
      step = nearer;
      trial = tryStep(search, step);
    }
    if (trial.value > search.value + step * DECREASE * search.slope || trial.value >= low.value) {
      high = trial;
    } else {
      if (Math.abs(trial.slope) <= -CURVATURE * search.slope) return trial;
      if (trial.slope * (high.step - low.step) >= 0) high = low;
      low = trial;
    }
  }
}

/** Least place of the cubic with the values and slopes of two trials. */
function cubicStep(low: Trial, high: Trial): number {
  const mean = low.slope + high.slope - (3 * (low.value - high.value)) / (low.step - high.step);
  const root = Math.sqrt(mean * mean - low.slope * high.slope) * (high.step < low.step ? -1 : 1);
  return high.step - ((high.step - low.step) * (high.slope + root - mean)) / (high.slope - low.slope + 2 * root);
}

/** Least place between two bounds of the cubic that is 0 at 0, given its slope there and value and slope at another place. */
export function leastOfCubic(
  slope: number,
  at: number,
  value: number,
  slopeAt: number,
  low: number,
  high: number,
): number {
  const third = (-12 * value + 6 * at * (slope + slopeAt)) / (at * at * at);
  const second = -(4 * slope + 2 * slopeAt) / at + (6 * value) / (at * at);
  const root = Math.sqrt(second * second - 2 * slope * third);
  const cubic = (x: number): number => x * ((x * ((x * third) / 3 + second)) / 2 + slope);
  let best = low;
  const turns = [-(second + root) / third, -(second - root) / third].filter((turn) => low < turn && turn < high);
  for (const candidate of [high, ...turns]) if (cubic(candidate) < cubic(best)) best = candidate;
  return best;
}
