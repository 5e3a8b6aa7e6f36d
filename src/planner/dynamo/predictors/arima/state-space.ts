import type { ArimaOrder, ArimaParameters } from "./order.ts";

/** Variance of the levels a differenced series starts from: as good as unknown. */
const DIFFUSE_VARIANCE = 1e6;

/** Log-likelihood of a series and the forecast of its next value. */
export interface Filtered {
  readonly logLikelihood: number;
  readonly forecast: number;
}

/**
 * The Kalman filter of one series and order (A. C. Harvey, Forecasting, Structural Time Series Models and the Kalman
 * Filter, 1989, §3.3-3.4): the state holds the d levels lost to differencing, then the ARMA part, which starts from its
 * stationary distribution. An observation is the sum of the first d + 1 states. The first d values do not count in the
 * likelihood. Matrices are flat, row by row, and kept from one evaluation to the next.
 */
export class SeriesFilter {
  private readonly series: readonly number[];
  private readonly d: number;
  private readonly armaStates: number;
  private readonly state: Float64Array;
  private readonly covariance: Float64Array;
  private readonly transition: Float64Array;
  private readonly shocks: Float64Array;
  private readonly cross: Float64Array;
  private readonly scratch: Float64Array;

  constructor(series: readonly number[], { p, d, q }: ArimaOrder) {
    this.series = series;
    this.d = d;
    this.armaStates = Math.max(p, q + 1);
    const size = d + this.armaStates;
    this.state = new Float64Array(size);
    this.covariance = new Float64Array(size * size);
    this.transition = transitionMatrix(d, this.armaStates);
    this.shocks = new Float64Array(size * size);
    this.cross = new Float64Array(size);
    this.scratch = new Float64Array(size * size);
  }

  /** Runs over the series with the given parameters. */
  run(parameters: ArimaParameters): Filtered {
    const { series, d, state, covariance, transition, shocks, cross, scratch } = this;
    const size = state.length;
    this.start(parameters);
    let logLikelihood = 0;
    for (let time = 0; time < series.length; time++) {
      let variance = 0;
      let error = series[time]!;
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let j = 0; j <= d; j++) sum += covariance[i * size + j]!;
        cross[i] = sum;
        if (i <= d) {
          variance += sum;
          error -= state[i]!;
        }
      }
      if (time >= d) logLikelihood -= 0.5 * (Math.log(2 * Math.PI * variance) + (error * error) / variance);
      for (let i = 0; i < size; i++) {
        const gain = cross[i]! / variance;
        state[i]! += gain * error;
        for (let j = 0; j < size; j++) covariance[i * size + j]! -= gain * cross[j]!;
      }
      advance(transition, state, cross);
      state[d]! += parameters.constant;
      congruence(transition, covariance, size, scratch);
      for (let i = 0; i < covariance.length; i++) covariance[i]! += shocks[i]!;
    }
    let forecast = 0;
    for (let i = 0; i <= d; i++) forecast += state[i]!;
    return { logLikelihood, forecast };
  }

  private start(parameters: ArimaParameters): void {
    const { d, armaStates, state, covariance, transition, shocks } = this;
    const size = state.length;
    const { ar, ma, variance } = parameters;
    state.fill(0);
    covariance.fill(0);
    for (let i = 0; i < d; i++) covariance[i * size + i] = DIFFUSE_VARIANCE;
    for (let i = 0; i < armaStates; i++) {
      transition[(d + i) * size + d] = ar[i] ?? 0;
      for (let j = 0; j < armaStates; j++) {
        const weights = (i === 0 ? 1 : (ma[i - 1] ?? 0)) * (j === 0 ? 1 : (ma[j - 1] ?? 0));
        shocks[(d + i) * size + d + j] = weights * variance;
      }
    }
    startStationary(state, covariance, transition, shocks, d, parameters);
  }
}

/** Transitions of the levels and the shifts of the ARMA part; its first column holds the AR coefficients. */
function transitionMatrix(d: number, armaStates: number): Float64Array {
  const size = d + armaStates;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < d; i++) for (let j = i; j <= d; j++) matrix[i * size + j] = 1;
  for (let i = d; i + 1 < size; i++) matrix[i * size + i + 1] = 1;
  return matrix;
}

/** Mean and covariance the ARMA states settle at, put into place behind the d levels. */
function startStationary(
  state: Float64Array,
  covariance: Float64Array,
  transition: Float64Array,
  shocks: Float64Array,
  d: number,
  { ar, constant }: ArimaParameters,
): void {
  const size = state.length;
  const armaStates = size - d;
  // m = T·m + constant in the first state: m₁ = constant / (1 − Σ ar), the others from the last row up.
  let weight = 1;
  for (let i = 0; i < ar.length; i++) weight -= ar[i]!;
  state[d] = constant / weight;
  for (let i = size - 1; i > d; i--) state[i] = (ar[i - d] ?? 0) * state[d]! + (state[i + 1] ?? 0);
  if (ar.length <= 1) {
    settleFirstOrder(covariance, shocks, size, d, ar[0] ?? 0);
    return;
  }
  const settled = corner(shocks, size, d);
  // P = Σ Tⁱ·Q·Tⁱᵀ, twice as many terms each time.
  let power = corner(transition, size, d);
  let square = new Float64Array(settled.length);
  const added = new Float64Array(settled.length);
  const scratch = new Float64Array(settled.length);
  for (let doubling = 0; doubling < 60; doubling++) {
    added.set(settled);
    congruence(power, added, armaStates, scratch);
    let greatest = 0;
    let growth = 0;
    for (let i = 0; i < settled.length; i++) {
      settled[i]! += added[i]!;
      growth = Math.max(growth, Math.abs(added[i]!));
      greatest = Math.max(greatest, Math.abs(settled[i]!));
    }
    if (growth <= 1e-18 * greatest) break;
    multiply(power, power, armaStates, square);
    [power, square] = [square, power];
  }
  for (let i = 0; i < armaStates; i++) {
    for (let j = 0; j < armaStates; j++) covariance[(d + i) * size + d + j] = settled[i * armaStates + j]!;
  }
}

/** Solves P = T·P·Tᵀ + Q from the last state up, where only the first state feeds back on itself. */
function settleFirstOrder(
  covariance: Float64Array,
  shocks: Float64Array,
  size: number,
  d: number,
  coefficient: number,
): void {
  const below = (i: number, j: number): number => (i < size && j < size ? covariance[i * size + j]! : 0);
  for (let i = size - 1; i >= d; i--) {
    for (let j = size - 1; j >= i; j--) {
      let entry = shocks[i * size + j]! + below(i + 1, j + 1);
      if (i === d) entry += coefficient * below(d, j + 1);
      if (i === d && j === d) entry = (entry + coefficient * below(d, d + 1)) / (1 - coefficient * coefficient);
      covariance[i * size + j] = entry;
      covariance[j * size + i] = entry;
    }
  }
}

/** The lower right part of a matrix from row and column d on. */
function corner(matrix: Float64Array, size: number, d: number): Float64Array<ArrayBuffer> {
  const part = new Float64Array((size - d) ** 2);
  for (let i = d; i < size; i++) {
    for (let j = d; j < size; j++) part[(i - d) * (size - d) + j - d] = matrix[i * size + j]!;
  }
  return part;
}

/** state ← matrix · state */
function advance(matrix: Float64Array, state: Float64Array, scratch: Float64Array): void {
  const size = state.length;
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j < size; j++) sum += matrix[i * size + j]! * state[j]!;
    scratch[i] = sum;
  }
  state.set(scratch);
}

/** result ← a · b */
function multiply(a: Float64Array, b: Float64Array, size: number, result: Float64Array): void {
  result.fill(0);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const entry = a[i * size + k]!;
      if (entry === 0) continue;
      for (let j = 0; j < size; j++) result[i * size + j]! += entry * b[k * size + j]!;
    }
  }
}

/** b ← a · b · aᵀ */
function congruence(a: Float64Array, b: Float64Array, size: number, scratch: Float64Array): void {
  scratch.fill(0);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const entry = a[i * size + k]!;
      if (entry === 0) continue;
      for (let j = 0; j < size; j++) scratch[i * size + j]! += entry * b[k * size + j]!;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += scratch[i * size + k]! * a[j * size + k]!;
      b[i * size + j] = sum;
    }
  }
}
