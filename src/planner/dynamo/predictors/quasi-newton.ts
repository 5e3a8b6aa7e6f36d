/** What a step has told of the curvature. */
export interface Correction {
  readonly step: Float64Array;
  /** How the gradient changed over it. */
  readonly change: Float64Array;
  /** step · change */
  readonly product: number;
}

/** A step, and how the gradient changed over it. */
export function correctionOf(step: Float64Array, change: Float64Array): Correction {
  return { step, change, product: dot(step, change) };
}

/**
 * direction ← downhill as the last corrections have it, by the two-loop recursion of limited-memory BFGS (J. Nocedal, Mathematics
 * of Computation 35, 1980).
 * @param memory the oldest first; none = against the gradient
 * @param weights room for a number a correction
 */
export function setDownhill(
  direction: Float64Array,
  gradient: Float64Array,
  memory: readonly Correction[],
  weights: Float64Array,
): void {
  for (let i = 0; i < direction.length; i++) direction[i] = -gradient[i]!;
  for (let k = memory.length - 1; k >= 0; k--) {
    const { step, change, product } = memory[k]!;
    const weight = dot(step, direction) / product;
    weights[k] = weight;
    for (let i = 0; i < direction.length; i++) direction[i]! -= weight * change[i]!;
  }
  if (memory.length > 0) {
    const { change, product } = memory[memory.length - 1]!;
    const scale = product / dot(change, change);
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
  }
  for (let k = 0; k < memory.length; k++) {
    const { step, change, product } = memory[k]!;
    const correction = weights[k]! - dot(change, direction) / product;
    for (let i = 0; i < direction.length; i++) direction[i]! += correction * step[i]!;
  }
}

/** Σ aᵢ·bᵢ */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
