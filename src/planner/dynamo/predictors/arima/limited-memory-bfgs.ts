import { searchStep } from "./line-search.ts";
import type { Trial } from "./line-search.ts";
import { correctionOf, dot, setDownhill, type Correction } from "../quasi-newton.ts";

/** Limits of a minimisation. */
export interface MinimiseOptions {
  readonly maxIterations: number;
}

const MEMORY = 10;
const GRADIENT_TOLERANCE = 1e-5;
const VALUE_TOLERANCE = 1e7 * 2 ** -52;
const DIFFERENCE_STEP = 1e-5;

/**
 * Minimises a function without bounds by limited-memory BFGS (R. H. Byrd, P. Lu, J. Nocedal, C. Zhu, SIAM J. Sci.
 * Comput. 16, 1995), the gradient by forward differences of 1e-5: the settings the reference's library runs it with, so
 * that a search cut off early stops at the same place. Plain loops over typed arrays: closures over small arrays cost
 * more to compile than to run.
 * @param objective is handed an array that changes afterwards
 */
export function minimise(
  objective: (x: Float64Array) => number,
  start: ArrayLike<number>,
  { maxIterations }: MinimiseOptions,
): Float64Array {
  const line = new Line(objective, start);
  let memory: Correction[] = [];
  for (let iteration = 0; iteration < maxIterations;) {
    if (!(greatestMagnitude(line.gradient) > GRADIENT_TOLERANCE)) break;
    const before = line.value;
    const slope = line.leave(memory);
    const first = iteration === 0 ? Math.min(1 / Math.sqrt(dot(line.direction, line.direction)), 1e10) : 1;
    const found = slope < 0 ? searchStep({ step: 0, value: before, slope }, first, line) : null;
    if (found === null || !Number.isFinite(found.value)) {
      line.goBack(before);
      if (memory.length === 0) break;
      memory = [];
      continue;
    }
    iteration++;
    const { value } = line;
    if (!(greatestMagnitude(line.gradient) > GRADIENT_TOLERANCE)) break;
    if (before - value <= VALUE_TOLERANCE * Math.max(Math.abs(before), Math.abs(value), 1)) break;
    const correction = line.correction(found.step);
    if (correction.product > 2 ** -52 * -slope * found.step) {
      if (memory.length === MEMORY) memory.shift();
      memory.push(correction);
    }
  }
  return line.x;
}

/** A place, the function's value and gradient there, and the line that is searched from an earlier place. */
class Line {
  readonly x: Float64Array;
  value: number;
  readonly gradient: Float64Array;
  readonly direction: Float64Array;
  private readonly objective: (x: Float64Array) => number;
  private readonly origin: Float64Array;
  private readonly originGradient: Float64Array;
  /** Where a full step leads. */
  private readonly target: Float64Array;
  private readonly weights = new Float64Array(MEMORY);

  constructor(objective: (x: Float64Array) => number, start: ArrayLike<number>) {
    this.objective = objective;
    this.x = Float64Array.from(start);
    const size = this.x.length;
    this.gradient = new Float64Array(size);
    this.direction = new Float64Array(size);
    this.origin = new Float64Array(size);
    this.originGradient = new Float64Array(size);
    this.target = new Float64Array(size);
    this.value = this.look();
  }

  /** Makes the present place the origin of a new line. @returns the slope along it */
  leave(memory: readonly Correction[]): number {
    this.origin.set(this.x);
    this.originGradient.set(this.gradient);
    setDownhill(this.direction, this.gradient, memory, this.weights);
    this.roundDirection();
    return dot(this.gradient, this.direction);
  }

  /** Goes to a step along the line. */
  evaluate(step: number): Trial {
    const { x, origin, direction, gradient } = this;
    if (step === 1) x.set(this.target);
    else for (let i = 0; i < x.length; i++) x[i] = origin[i]! + step * direction[i]!;
    this.value = this.look();
    return { step, value: this.value, slope: dot(gradient, direction) };
  }

  /**
   * The reference's library finds where a full step leads and takes the difference: entries far smaller than where they
   * start are as coarse as that place.
   */
  private roundDirection(): void {
    const { origin, direction, target } = this;
    for (let i = 0; i < target.length; i++) {
      target[i] = origin[i]! + direction[i]!;
      direction[i] = target[i]! - origin[i]!;
    }
  }

  goBack(value: number): void {
    this.x.set(this.origin);
    this.gradient.set(this.originGradient);
    this.value = value;
  }

  /** What the way from the origin to here tells of the curvature. */
  correction(length: number): Correction {
    const { direction, gradient, originGradient } = this;
    const step = new Float64Array(direction.length);
    const change = new Float64Array(direction.length);
    for (let i = 0; i < step.length; i++) {
      step[i] = direction[i]! * length;
      change[i] = gradient[i]! - originGradient[i]!;
    }
    return correctionOf(step, change);
  }

  /** Value and gradient at the present place. */
  private look(): number {
    const { x, gradient, objective } = this;
    const value = objective(x);
    for (let i = 0; i < x.length; i++) {
      const entry = x[i]!;
      const moved = entry + DIFFERENCE_STEP;
      x[i] = moved;
      gradient[i] = (objective(x) - value) / (moved - entry);
      x[i] = entry;
    }
    return value;
  }
}

/** NaN where an entry is. */
function greatestMagnitude(values: Float64Array): number {
  let greatest = 0;
  for (let i = 0; i < values.length; i++) greatest = Math.max(greatest, Math.abs(values[i]!));
  return greatest;
}
