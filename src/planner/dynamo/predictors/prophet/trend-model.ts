/** Scale of the Laplace prior of a change of slope, and deviations of the normal priors of slope, offset and noise. */
const CHANGE_SCALE = 0.05;
const TREND_DEVIATION = 5;
const NOISE_DEVIATION = 0.5;
const MOST_CHANGE_POINTS = 25;
/** Change points lie in this first part of the series. */
const CHANGE_POINT_RANGE = 0.8;

/** How a second derivative is taken from gradients near by: Σ weights[i] · gradient(x + offsets[i]). */
export interface DifferenceRule {
  readonly offsets: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Posterior of a straight line that may bend at change points (S. J. Taylor, B. Letham, Forecasting at Scale, 2018), without
 * seasonality, for an evenly spaced series. Parameters: slope, offset, changes of slope, then the logarithm of the noise's
 * deviation. Times run from 0 to 1, values are shares of the greatest.
 */
export class TrendModel {
  readonly size: number;
  readonly points: readonly number[];
  private readonly values: readonly number[];
  /** What a unit of each parameter of the line adds at each time, one after another. */
  private readonly columns: Float64Array;
  private readonly gram: Float64Array;
  private readonly weightCount: number;
  private readonly residuals: Float64Array;
  private readonly directionAtTimes: Float64Array;

  /** @param values at least two, not all the same, at most 1 in magnitude */
  constructor(values: readonly number[]) {
    const count = values.length;
    const times = values.map((_, i) => i / (count - 1));
    this.values = values;
    this.points = changePoints(times);
    this.weightCount = this.points.length + 2;
    this.size = this.weightCount + 1;
    this.residuals = new Float64Array(count);
    this.directionAtTimes = new Float64Array(count);
    const bends = this.points.map((point) => times.map((time) => Math.max(0, time - point)));
    this.columns = Float64Array.from([times, times.map(() => 1), ...bends].flat());
    this.gram = gramMatrix(this.columns, this.weightCount, count);
  }

  /** The line through the first and the last value, and a noise of 1. */
  start(): Float64Array {
    const parameters = new Float64Array(this.size);
    parameters[0] = this.values.at(-1)! - this.values[0]!;
    parameters[1] = this.values[0]!;
    return parameters;
  }

  /** Value of the line at a time. */
  line(parameters: ArrayLike<number>, time: number): number {
    let slope = parameters[0]!;
    let offset = parameters[1]!;
    this.points.forEach((point, j) => {
      if (point > time) return;
      slope += parameters[j + 2]!;
      offset -= parameters[j + 2]! * point;
    });
    return slope * time + offset;
  }

  /** Logarithm of the density without its constant terms, and prepares `gradient`, `curvature` and `along` for these parameters. */
  logDensity(parameters: Float64Array): number {
    const { values, residuals, columns, weightCount } = this;
    const count = values.length;
    for (let i = 0; i < count; i++) residuals[i] = values[i]!;
    for (let j = 0; j < weightCount; j++) {
      const weight = parameters[j]!;
      if (weight === 0) continue;
      for (let i = 0; i < count; i++) residuals[i]! -= weight * columns[j * count + i]!;
    }
    return this.densityOf(parameters, residuals);
  }

  /** What `logDensity` lacks: it is the same everywhere. */
  constantTerms(): number {
    const normal = -0.5 * Math.log(2 * Math.PI);
    return (
      this.values.length * normal +
      2 * (normal - Math.log(TREND_DEVIATION)) -
      this.points.length * Math.log(2 * CHANGE_SCALE) +
      normal -
      Math.log(NOISE_DEVIATION) +
      // The seasonal coefficient the reference always has, whose prior is a standard normal.
      normal
    );
  }

  /** Gradient at the parameters last given to `logDensity`. */
  gradient(parameters: Float64Array): Float64Array {
    const { weightCount, residuals, size } = this;
    const noise = parameters[weightCount]!;
    const precision = Math.exp(-2 * noise);
    const gradient = new Float64Array(size);
    for (let j = 0; j < weightCount; j++) {
      const prior = j < 2 ? parameters[j]! / TREND_DEVIATION ** 2 : Math.sign(parameters[j]!) / CHANGE_SCALE;
      gradient[j] = this.columnProduct(j) * precision - prior;
    }
    const squares = sumOfSquares(residuals);
    gradient[weightCount] = -residuals.length + squares * precision - Math.exp(2 * noise) / NOISE_DEVIATION ** 2;
    return gradient;
  }

  /** Second derivatives at the parameters last given to `logDensity`, by a rule of differences of gradients; row by row. */
  curvature(parameters: Float64Array, { offsets, weights }: DifferenceRule): Float64Array {
    const { size, weightCount, residuals, gram } = this;
    const noise = parameters[weightCount]!;
    const precision = Math.exp(-2 * noise);
    const curvature = new Float64Array(size * size);
    // The gradient is linear in the line's parameters, so its differences are its derivatives times this.
    const step = sumOf(weights, (weight, i) => weight * offsets[i]!);
    const precisionChange = sumOf(weights, (weight, i) => weight * Math.exp(-2 * (noise + offsets[i]!)));
    for (let j = 0; j < weightCount; j++) {
      for (let k = 0; k < weightCount; k++) curvature[j * size + k] = -gram[j * weightCount + k]! * precision * step;
      const value = parameters[j]!;
      curvature[j * size + j]! -=
        j < 2
          ? step / TREND_DEVIATION ** 2
          : sumOf(weights, (weight, i) => weight * Math.sign(value + offsets[i]!)) / CHANGE_SCALE;
      // The mean of the differences in either order.
      const mixed = 0.5 * this.columnProduct(j) * (precisionChange - 2 * precision * step);
      curvature[j * size + weightCount] = mixed;
      curvature[weightCount * size + j] = mixed;
    }
    curvature[size * size - 1] =
      sumOfSquares(residuals) * precisionChange -
      sumOf(weights, (weight, i) => weight * Math.exp(2 * (noise + offsets[i]!))) / NOISE_DEVIATION ** 2;
    return curvature;
  }

  /** Logarithms of the density on a line from the parameters last given to `logDensity`. */
  along(parameters: Float64Array, direction: Float64Array): (step: number, moved: Float64Array) => number {
    const { columns, weightCount, residuals, directionAtTimes } = this;
    const count = residuals.length;
    directionAtTimes.fill(0);
    for (let j = 0; j < weightCount; j++) {
      for (let i = 0; i < count; i++) directionAtTimes[i]! += direction[j]! * columns[j * count + i]!;
    }
    const movedResiduals = new Float64Array(count);
    return (step, moved) => {
      for (let i = 0; i < moved.length; i++) moved[i] = parameters[i]! + step * direction[i]!;
      for (let i = 0; i < count; i++) movedResiduals[i] = residuals[i]! - step * directionAtTimes[i]!;
      return this.densityOf(moved, movedResiduals);
    };
  }

  /** Residuals times a column. */
  private columnProduct(column: number): number {
    const { columns, residuals } = this;
    let product = 0;
    for (let i = 0; i < residuals.length; i++) product += columns[column * residuals.length + i]! * residuals[i]!;
    return product;
  }

  /** −Infinity where the noise is 0 or infinite, or the residuals too great for it. */
  private densityOf(parameters: Float64Array, residuals: Float64Array): number {
    const { weightCount } = this;
    const noise = parameters[weightCount]!;
    const deviation = Math.exp(noise);
    if (deviation === 0 || !Number.isFinite(deviation)) return -Infinity;
    let squares = 0;
    for (let i = 0; i < residuals.length; i++) squares += (residuals[i]! / deviation) ** 2;
    if (!Number.isFinite(squares)) return -Infinity;
    let changes = 0;
    for (let j = 2; j < weightCount; j++) changes += Math.abs(parameters[j]!);
    return (
      -residuals.length * noise -
      0.5 * squares -
      0.5 * ((parameters[0]! / TREND_DEVIATION) ** 2 + (parameters[1]! / TREND_DEVIATION) ** 2) -
      changes / CHANGE_SCALE -
      0.5 * (deviation / NOISE_DEVIATION) ** 2
    );
  }
}

function sumOf(weights: readonly number[], term: (weight: number, i: number) => number): number {
  return weights.reduce((sum, weight, i) => sum + term(weight, i), 0);
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}

function gramMatrix(columns: Float64Array, width: number, height: number): Float64Array {
  const gram = new Float64Array(width * width);
  for (let j = 0; j < width; j++) {
    for (let k = 0; k <= j; k++) {
      let product = 0;
      for (let i = 0; i < height; i++) product += columns[j * height + i]! * columns[k * height + i]!;
      gram[j * width + k] = product;
      gram[k * width + j] = product;
    }
  }
  return gram;
}

function changePoints(times: readonly number[]): number[] {
  const considered = Math.floor(times.length * CHANGE_POINT_RANGE);
  const count = Math.max(0, Math.min(MOST_CHANGE_POINTS, considered - 1));
  return Array.from({ length: count }, (_, j) => times[roundHalfToEven(((j + 1) * (considered - 1)) / count)]!);
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const fraction = value - below;
  if (fraction === 0.5) return below + (below % 2);
  return fraction < 0.5 ? below : below + 1;
}
