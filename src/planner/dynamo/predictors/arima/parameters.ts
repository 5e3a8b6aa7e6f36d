import { difference } from "./kpss.ts";
import { minimumNormSolution } from "./minimum-norm.ts";
import type { ArimaOrder, ArimaParameters } from "./order.ts";
import { greatestInverseRoot } from "./polynomial-roots.ts";

const LEAST_START_VARIANCE = 1e-10;

/**
 * Parameters as a vector without constraints: the constant, then the AR and MA coefficients as partial
 * autocorrelations over (−1, 1) stretched to the real line (J. F. Monahan, Biometrika 71, 1984), then the standard
 * deviation.
 */
export function toVector(order: ArimaOrder, { constant, ar, ma, variance }: ArimaParameters): number[] {
  return [
    ...(order.constant ? [constant] : []),
    ...unconstrain(ar),
    ...unconstrain(ma.map((coefficient) => -coefficient)),
    Math.sqrt(variance),
  ];
}

/** Parameters to be filled. */
export function emptyParameters({ p, q }: ArimaOrder): Writable<ArimaParameters> {
  return { constant: 0, ar: new Float64Array(p), ma: new Float64Array(q), variance: 0 };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The way back from `toVector`: stationary, invertible, variance not negative. Fills `parameters`. */
export function fromVector(order: ArimaOrder, vector: Float64Array, parameters: Writable<ArimaParameters>): void {
  const first = order.constant ? 1 : 0;
  const deviation = vector[first + order.p + order.q]!;
  parameters.constant = order.constant ? vector[0]! : 0;
  constrain(vector, first, parameters.ar, -1);
  constrain(vector, first + order.p, parameters.ma, 1);
  parameters.variance = deviation * deviation;
}

/** row ← the coefficients of the partial autocorrelations that entries of a vector stand for, times `sign` */
function constrain(vector: Float64Array, first: number, row: Float64Array, sign: 1 | -1): void {
  for (let k = 0; k < row.length; k++) {
    const value = vector[first + k]!;
    const partial = value / Math.sqrt(1 + value * value);
    // Entries from both ends, as each needs the other's old value.
    for (let i = 0, j = k - 1; i <= j; i++, j--) {
      const left = row[i]!;
      const right = row[j]!;
      row[i] = left + partial * right;
      row[j] = right + partial * left;
    }
    row[k] = partial;
  }
  if (sign === -1) for (let i = 0; i < row.length; i++) row[i] = -row[i]!;
}

function unconstrain(constrained: Float64Array): number[] {
  let row = Array.from(constrained, (entry) => -entry);
  const partials: number[] = [];
  while (row.length > 0) {
    const after = row;
    const partial = after.at(-1)!;
    partials.unshift(partial);
    const scale = 1 - partial * partial;
    row = after.slice(0, -1).map((entry, i) => (entry - partial * after[after.length - 2 - i]!) / scale);
  }
  return partials.map((partial) => partial / Math.sqrt(1 - partial * partial));
}

/**
 * Where the search for the likeliest parameters begins: least squares on lagged values and, for the MA part, on the
 * residuals of a long autoregression (E. J. Hannan, J. Rissanen, Biometrika 69, 1982). Coefficients outside the allowed
 * region start at 0.
 */
export function startParameters(series: readonly number[], order: ArimaOrder): ArimaParameters {
  let values: readonly number[] = series;
  for (let i = 0; i < order.d; i++) values = difference(values);
  const { p, q, constant } = order;
  const trend = constant ? 1 : 0;
  if (p + q + trend === 0) {
    const squares = values.reduce((total, value) => total + value * value, 0);
    return { ...emptyParameters(order), variance: Math.max(LEAST_START_VARIANCE, squares / series.length) };
  }
  const { coefficients, residuals } = conditionalLeastSquares(values, p, q, trend) ?? {
    coefficients: Array.from({ length: trend + p + q }, () => 0),
    residuals: [...Array.from({ length: 2 * q }, () => 0), ...centred(values)],
  };
  const ar = coefficients.slice(trend, trend + p);
  const ma = coefficients.slice(trend + p);
  const variance = residuals.length > Math.max(1, q) ? meanSquare(residuals.slice(q)) : meanSquare(centred(values));
  return {
    constant: trend === 1 ? coefficients[0]! : 0,
    ar: isInside(ar.map((entry) => -entry)) ? Float64Array.from(ar) : new Float64Array(p),
    ma: isInside(ma) ? Float64Array.from(ma) : new Float64Array(q),
    variance: Math.max(LEAST_START_VARIANCE, variance),
  };
}

/** null when the series is too short for the lags. */
function conditionalLeastSquares(
  values: readonly number[],
  p: number,
  q: number,
  trend: number,
): { coefficients: number[]; residuals: number[] } | null {
  const long = 2 * q;
  const lost = Math.max(long + q, p);
  let shocks: number[] = [];
  if (q > 0) {
    if (long >= values.length) return null;
    const rows = values.slice(long).map((_, i) => lags(values, long + i, long));
    const targets = values.slice(long);
    shocks = residualsOf(rows, targets, minimumNormSolution(rows, targets, long));
  }
  if ((p > 0 && p >= values.length) || (q > 0 && q >= shocks.length)) return null;
  const targets = values.slice(lost);
  const rows = targets.map((_, i) => [
    ...(trend === 1 ? [1] : []),
    ...lags(values, lost + i, p),
    ...lags(shocks, lost - long + i, q),
  ]);
  const coefficients = minimumNormSolution(rows, targets, trend + p + q);
  return { coefficients, residuals: residualsOf(rows, targets, coefficients) };
}

/** The `count` values before position `at`, latest first. */
function lags(values: readonly number[], at: number, count: number): number[] {
  return Array.from({ length: count }, (_, lag) => values[at - 1 - lag]!);
}

function residualsOf(rows: readonly number[][], targets: readonly number[], coefficients: readonly number[]): number[] {
  return targets.map((target, i) => target - rows[i]!.reduce((total, x, j) => total + x * coefficients[j]!, 0));
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function meanSquare(values: readonly number[]): number {
  return values.reduce((total, value) => total + value * value, 0) / values.length;
}

function isInside(coefficients: readonly number[]): boolean {
  return greatestInverseRoot(coefficients) < 1 - 1e-10;
}
