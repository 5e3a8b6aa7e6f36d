import { solveAtLeast } from "./linear-fit.ts";
import type { PassTimeCurve } from "./linear-fit.ts";
import { NormalEquations } from "./normal-equations.ts";
import type { PassSample } from "./sample-store.ts";

/** Passes shorter than this weigh alike; longer ones weigh less, in proportion. */
const WEIGHT_FLOOR_MS = 25;
const QUANTILE_KNOTS = 4;
const LOG_SPACED_KNOTS = 8;
/** A slope down to here counts as rounding of zero. */
const SLOPE_TOLERANCE = -1e-6;

/**
 * Fits ms = a + b·x + c·max(0, x − knot) to one-feature samples, weights 1 / max(ms, 25) (planner-findings §5.10).
 * Of the candidate knots whose slopes on both sides are not negative, the one with the least weighted error is kept, the
 * earlier on a tie.
 * @param leastMs the intercept is not allowed below it
 * @returns null when x has fewer than three distinct values or no knot qualifies
 */
export function fitHinge(samples: readonly PassSample[], leastMs = -Infinity): PassTimeCurve | null {
  const distinct = [...new Set(samples.map(({ features }) => features[0]!))].toSorted((a, b) => a - b);
  if (distinct.length < 3) return null;
  const columns = [0, 1, 2];
  const design = weightedDesign(samples);
  const { weights, weightedX, targets } = design;
  // Only what the third column stands in changes from knot to knot.
  const equations = new NormalEquations(3);
  for (let i = 0; i < samples.length; i++) equations.add([weights[i]!, weightedX[i]!, 0], targets[i]!);
  let best: { readonly curve: PassTimeCurve; readonly error: number } | null = null;
  for (const knot of candidateKnots(distinct)) {
    setHingeColumn(equations, design, knot);
    const solution = solveAtLeast(equations, columns, leastMs);
    if (solution === null) continue;
    const intercept = solution[0]!;
    if (!(solution[1]! >= SLOPE_TOLERANCE) || !(solution[1]! + solution[2]! >= SLOPE_TOLERANCE)) continue;
    const left = Math.max(0, solution[1]!);
    const right = Math.max(0, solution[1]! + solution[2]!);
    const curve: PassTimeCurve = ([x]) => intercept + left * x! + (right - left) * Math.max(0, x! - knot);
    let squares = 0;
    for (let i = 0; i < samples.length; i++) {
      // Weighted before the difference: where several knots fit perfectly, the last bits choose.
      const residual = curve(samples[i]!.features) * weights[i]! - targets[i]!;
      squares += residual * residual;
    }
    const error = Math.sqrt(squares / samples.length);
    if (best === null || error < best.error) best = { curve, error };
  }
  return best?.curve ?? null;
}

/** The samples' columns, weighted. */
interface WeightedDesign {
  readonly x: Float64Array;
  readonly weights: Float64Array;
  readonly weightedX: Float64Array;
  readonly targets: Float64Array;
}

function weightedDesign(samples: readonly PassSample[]): WeightedDesign {
  const column = () => new Float64Array(samples.length);
  const design = { x: column(), weights: column(), weightedX: column(), targets: column() };
  samples.forEach(({ features, passMs }, i) => {
    const weight = 1 / Math.max(passMs, WEIGHT_FLOOR_MS);
    design.x[i] = features[0]!;
    design.weights[i] = weight;
    design.weightedX[i] = features[0]! * weight;
    design.targets[i] = passMs * weight;
  });
  return design;
}

/** Puts max(0, x − knot) into the third column. */
function setHingeColumn(equations: NormalEquations, design: WeightedDesign, knot: number): void {
  const { x, weights, weightedX, targets } = design;
  let withIntercept = 0;
  let withX = 0;
  let withItself = 0;
  let withTarget = 0;
  for (let i = 0; i < x.length; i++) {
    const hinge = Math.max(0, x[i]! - knot) * weights[i]!;
    withIntercept += hinge * weights[i]!;
    withX += hinge * weightedX[i]!;
    withItself += hinge * hinge;
    withTarget += hinge * targets[i]!;
  }
  equations.setColumn(2, [withIntercept, withX, withItself], withTarget);
}

/** Quantiles of the distinct values, then points evenly spaced in the logarithm, all strictly inside the range. */
function candidateKnots(distinct: readonly number[]): number[] {
  const low = distinct[0]!;
  const high = distinct.at(-1)!;
  const knots: number[] = [];
  const offer = (knot: number): void => {
    const known = knots.some((other) => Math.abs(other - knot) <= 1e-9 * Math.max(Math.abs(other), Math.abs(knot)));
    if (knot > low && knot < high && !known) knots.push(knot);
  };
  for (let j = 1; j <= QUANTILE_KNOTS; j++) {
    offer(distinct[Math.floor((j * (distinct.length - 1)) / (QUANTILE_KNOTS + 1))]!);
  }
  if (low > 0) {
    const span = Math.log(high) - Math.log(low);
    for (let i = 1; i <= LOG_SPACED_KNOTS; i++) {
      offer(Math.exp(Math.log(low) + (span * i) / (LOG_SPACED_KNOTS + 1)));
    }
  }
  return knots;
}
