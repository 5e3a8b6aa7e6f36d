import { symmetricEigensystem } from "./symmetric-eigen.ts";
import type { DifferenceRule, TrendModel } from "./trend-model.ts";

const MOST_STEPS = 10_000;
const IMPROVEMENT = 1e-8;
const SMALLEST_FACTOR = 1e-50;

const DIFFERENCE = 1e-3;
/**
 * Differences of fourth order, as the reference's optimiser takes them. It multiplies by the distance where it should divide by
 * it, so that its curvatures are too small by the distance's square and its steps, which are halved until the density does
 * not fall, begin a million times too long.
 */
const RULE: DifferenceRule = {
  offsets: [-2 * DIFFERENCE, -DIFFERENCE, DIFFERENCE, 2 * DIFFERENCE],
  weights: [DIFFERENCE / 12, (-2 * DIFFERENCE) / 3, (2 * DIFFERENCE) / 3, -DIFFERENCE / 12],
};

/**
 * Parameters of high density, by Newton steps as Stan's optimiser takes them: eigenvalues of the curvature by their magnitude,
 * steps halved until the density does not fall, no further step once it rose by 1e-8 or less. The prior of a change of slope
 * has an edge at 0 where such steps may stop short of the mode: forecasts are compared number by number, so its way there is
 * followed.
 */
export function newtonAscent(model: TrendModel): Float64Array {
  let parameters = model.start();
  let moved: Float64Array = new Float64Array(parameters.length);
  let before = model.logDensity(parameters) + model.constantTerms();
  for (let iteration = 0; iteration < MOST_STEPS; iteration++) {
    const density = model.logDensity(parameters);
    const direction = uphill(model.curvature(parameters, RULE), model.gradient(parameters));
    const reach = model.along(parameters, direction);
    let reached = -Infinity;
    for (let factor = 1; reached < density; factor /= 2) {
      if (factor < SMALLEST_FACTOR) return parameters;
      reached = reach(factor, moved);
    }
    [parameters, moved] = [moved, parameters];
    if (Math.abs(reached - before) <= IMPROVEMENT) break;
    before = reached;
  }
  return parameters;
}

/** |curvature|⁻¹ · gradient, where |…| has the magnitudes of the eigenvalues. */
function uphill(curvature: Float64Array, gradient: Float64Array): Float64Array {
  const size = gradient.length;
  const solved = solveNegativeDefinite(curvature, gradient);
  if (solved !== null) return solved;
  const { values, vectors } = symmetricEigensystem(curvature, size);
  const direction = new Float64Array(size);
  for (let k = 0; k < size; k++) {
    let projection = 0;
    for (let i = 0; i < size; i++) projection += vectors[i * size + k]! * gradient[i]!;
    projection /= Math.abs(values[k]!);
    for (let i = 0; i < size; i++) direction[i]! += projection * vectors[i * size + k]!;
  }
  return direction;
}

/** −matrix⁻¹ · vector by Cholesky's factors, or null where an eigenvalue is not below 0. */
function solveNegativeDefinite(matrix: Float64Array, vector: Float64Array): Float64Array | null {
  const size = vector.length;
  const factor = new Float64Array(size * size);
  const solution = Float64Array.from(vector);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = -matrix[i * size + j]!;
      for (let k = 0; k < j; k++) rest -= factor[i * size + k]! * factor[j * size + k]!;
      if (i > j) factor[i * size + j] = rest / factor[j * size + j]!;
      else if (rest > 0) factor[i * size + i] = Math.sqrt(rest);
      else return null;
    }
    for (let k = 0; k < i; k++) solution[i]! -= factor[i * size + k]! * solution[k]!;
    solution[i]! /= factor[i * size + i]!;
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) solution[i]! -= factor[k * size + i]! * solution[k]!;
    solution[i]! /= factor[i * size + i]!;
  }
  return solution;
}
