import { searchStep } from "./line-search.ts";
import type { Trial } from "./line-search.ts";

/** Limits of a minimisation. */
export interface MinimiseOptions {
  readonly maxIterations: number;
}

const MEMORY = 10;
const GRADIENT_TOLERANCE = 1e-5;
const VALUE_TOLERANCE = 1e7 * 2 ** -52;
const DIFFERENCE_STEP = 1e-5;

interface Correction {
  readonly step: readonly number[];
  readonly change: readonly number[];
  readonly product: number;
}

/**
 * Minimises a function without bounds by limited-memory BFGS (R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, SIAM J. Sci.
 * Comput. 16, 1995), the gradient by forward differences of 1e-5: the settings the reference's library runs it with, so
 * that a search cut off early stops at the same place.
 */
export function minimise(
  objective: (x: readonly number[]) => number,
  start: readonly number[],
  { maxIterations }: MinimiseOptions,
): number[] {
  const at = (x: readonly number[]): { value: number; gradient: number[] } => {
    const value = objective(x);
    const gradient = x.map((entry, i) => {
      const moved = entry + DIFFERENCE_STEP;
      return (objective(x.with(i, moved)) - value) / (moved - entry);
    });
    return { value, gradient };
  };
  let x = [...start];
  let { value, gradient } = at(x);
  let memory: Correction[] = [];
  for (let iteration = 0; iteration < maxIterations;) {
    if (!(Math.max(...gradient.map(Math.abs)) > GRADIENT_TOLERANCE)) break;
    const direction = descent(gradient, memory);
    const slope = dot(gradient, direction);
    const origin = x;
    let reached = { value, gradient };
    const evaluate = (step: number): Trial => {
      x = origin.map((entry, i) => entry + step * direction[i]!);
      reached = at(x);
      return { step, value: reached.value, slope: dot(reached.gradient, direction) };
    };
    const norm = Math.sqrt(dot(direction, direction));
    const first = iteration === 0 ? Math.min(1 / norm, 1e10) : 1;
    const found = slope < 0 ? searchStep({ step: 0, value, slope }, first, evaluate) : null;
    if (found === null || !Number.isFinite(found.value)) {
      x = origin;
      if (memory.length === 0) break;
      memory = [];
      continue;
    }
    iteration++;
    const before = value;
    const oldGradient = gradient;
    ({ value, gradient } = reached);
    if (!(Math.max(...gradient.map(Math.abs)) > GRADIENT_TOLERANCE)) break;
    if (before - value <= VALUE_TOLERANCE * Math.max(Math.abs(before), Math.abs(value), 1)) break;
    const step = direction.map((entry) => entry * found.step);
    const change = gradient.map((entry, i) => entry - oldGradient[i]!);
    const product = dot(step, change);
    if (product > 2 ** -52 * -slope * found.step) memory = [...memory.slice(1 - MEMORY), { step, change, product }];
  }
  return x;
}

/** The quasi-Newton direction, by the two-loop recursion. */
function descent(gradient: readonly number[], memory: readonly Correction[]): number[] {
  let direction = gradient.map((entry) => -entry);
  const weights: number[] = [];
  for (const { step, change, product } of memory.toReversed()) {
    const weight = dot(step, direction) / product;
    weights.unshift(weight);
    direction = direction.map((entry, i) => entry - weight * change[i]!);
  }
  const last = memory.at(-1);
  if (last !== undefined) {
    const scale = last.product / dot(last.change, last.change);
    direction = direction.map((entry) => entry * scale);
  }
  memory.forEach(({ step, change, product }, k) => {
    const correction = weights[k]! - dot(change, direction) / product;
    direction = direction.map((entry, i) => entry + correction * step[i]!);
  });
  return direction;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, entry, i) => sum + entry * b[i]!, 0);
}
