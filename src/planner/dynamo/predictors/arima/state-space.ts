import type { ArimaOrder, ArimaParameters } from "./order.ts";

/** Variance of the levels a differenced series starts from: as good as unknown. */
const DIFFUSE_VARIANCE = 1e6;

/** Log-likelihood of a series and the forecast of its next value. */
export interface Filtered {
  readonly logLikelihood: number;
  readonly forecast: number;
}

/**
 * Runs the Kalman filter over a series (A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman Filter,
 * 1989, §3.3-3.4): the state holds the levels lost to differencing, then the ARMA part, which starts from its stationary
 * distribution. The first d values do not count in the likelihood.
 */
export function filterSeries(series: readonly number[], order: ArimaOrder, parameters: ArimaParameters): Filtered {
  const { d } = order;
  const armaStates = Math.max(order.p, order.q + 1);
  const size = d + armaStates;
  const transition = transitionMatrix(d, armaStates, parameters.ar);
  const shock = Array.from({ length: size }, (_, i) => (i < d ? 0 : i === d ? 1 : (parameters.ma[i - d - 1] ?? 0)));
  const shockCovariance = shock.map((a) => shock.map((b) => a * b * parameters.variance));
  /** Which states add up to an observation. */
  const observed = Array.from({ length: size }, (_, i) => i <= d);

  let state = Array.from({ length: size }, () => 0);
  let covariance = zeros(size);
  stationaryStart(transition, shockCovariance, d, parameters).forEach(({ mean, row }, i) => {
    state[d + i] = mean;
    row.forEach((value, j) => (covariance[d + i]![d + j] = value));
  });
  for (let i = 0; i < d; i++) covariance[i]![i] = DIFFUSE_VARIANCE;

  let logLikelihood = 0;
  series.forEach((value, time) => {
    const cross = covariance.map((row) => row.reduce((sum, entry, j) => sum + (observed[j] ? entry : 0), 0));
    const variance = cross.reduce((sum, entry, i) => sum + (observed[i] ? entry : 0), 0);
    const error = value - state.reduce((sum, entry, i) => sum + (observed[i] ? entry : 0), 0);
    if (time >= d) logLikelihood -= 0.5 * (Math.log(2 * Math.PI * variance) + (error * error) / variance);
    const updated = state.map((entry, i) => entry + (cross[i]! / variance) * error);
    const updatedCovariance = covariance.map((row, i) =>
      row.map((entry, j) => entry - (cross[i]! * cross[j]!) / variance),
    );
    state = transition.map((row) => row.reduce((sum, entry, j) => sum + entry * updated[j]!, 0));
    state[d]! += parameters.constant;
    covariance = sum(congruence(transition, updatedCovariance), shockCovariance);
  });
  const forecast = state.reduce((total, entry, i) => total + (observed[i] ? entry : 0), 0);
  return { logLikelihood, forecast };
}

function transitionMatrix(d: number, armaStates: number, ar: readonly number[]): number[][] {
  const size = d + armaStates;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_unused, j) => {
      if (i < d) return j >= i && j <= d ? 1 : 0;
      if (j < d) return 0;
      return (j === d ? (ar[i - d] ?? 0) : 0) + (j === i + 1 ? 1 : 0);
    }),
  );
}

/** Mean and covariance the ARMA states settle at. */
function stationaryStart(
  transition: readonly (readonly number[])[],
  shockCovariance: readonly (readonly number[])[],
  d: number,
  { constant, ar }: ArimaParameters,
): { mean: number; row: number[] }[] {
  const arma = transition.slice(d).map((row) => row.slice(d));
  let covariance = shockCovariance.slice(d).map((row) => row.slice(d));
  // P = Σ Tⁱ·Q·Tⁱᵀ, twice as many terms each time.
  let power = arma;
  for (let doubling = 0; doubling < 60; doubling++) {
    const added = congruence(power, covariance);
    covariance = sum(covariance, added);
    power = product(power, power);
    if (Math.max(...added.flat().map(Math.abs)) <= 1e-18 * Math.max(...covariance.flat().map(Math.abs))) break;
  }
  // (I − T)·m = constant in the first state: m₁ = constant / (1 − Σ ar), the others by their own rows from below.
  const first = constant / (1 - ar.reduce((total, entry) => total + entry, 0));
  const mean = arma.map(() => 0);
  for (let i = arma.length - 1; i >= 1; i--) mean[i] = (ar[i] ?? 0) * first + (mean[i + 1] ?? 0);
  mean[0] = first;
  return covariance.map((row, i) => ({ mean: mean[i]!, row }));
}

function zeros(size: number): number[][] {
  return Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
}

type Matrix = readonly (readonly number[])[];

function product(a: Matrix, b: Matrix): number[][] {
  return a.map((row) => b[0]!.map((_, j) => row.reduce((total, entry, k) => total + entry * b[k]![j]!, 0)));
}

function sum(a: Matrix, b: Matrix): number[][] {
  return a.map((row, i) => row.map((entry, j) => entry + b[i]![j]!));
}

/** a · b · aᵀ */
function congruence(a: Matrix, b: Matrix): number[][] {
  const left = product(a, b);
  return left.map((row) => a.map((other) => row.reduce((total, entry, k) => total + entry * other[k]!, 0)));
}
