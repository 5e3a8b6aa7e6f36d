/** Scale of the Laplace prior of a change of slope, and deviations of the normal priors of slope, offset and noise. */
const CHANGE_SCALE = 0.05;
const TREND_DEVIATION = 5;
const NOISE_DEVIATION = 0.5;
const MOST_CHANGE_POINTS = 25;
/** Change points lie in this first part of the series. */
const CHANGE_POINT_RANGE = 0.8;
const NOISE_STEPS = 500;
const SWEEPS = 300;
const PRECISION = 1e-13;

/**
 * Next value of an evenly spaced series by a straight line that may bend at change points: the posterior mode of the
 * trend model of S. J. Taylor and B. Letham, Forecasting at Scale (2018), without seasonality. Found by turns: slope,
 * offset and changes of slope one after another with the noise held, then the noise.
 * @param series at least two values
 */
export function extrapolateTrend(series: readonly number[]): number {
  const count = series.length;
  const greatest = Math.max(...series.map(Math.abs));
  if (greatest === 0 || series.every((value) => value === series[0])) return series[0]!;
  const values = series.map((value) => value / greatest);
  const times = values.map((_, i) => i / (count - 1));
  const points = changePoints(times);
  // Slope, offset, then what each change of slope adds from its point on.
  const columns = [times, times.map(() => 1), ...points.map((point) => times.map((time) => Math.max(0, time - point)))];
  const weights = [values.at(-1)! - values[0]!, values[0]!, ...points.map(() => 0)];
  const residuals = values.map((value, i) => value - weights[0]! * times[i]! - weights[1]!);
  let noise = 1;
  for (let step = 0; step < NOISE_STEPS; step++) {
    descend(columns, weights, residuals, noise * noise);
    const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
    const next = likeliestNoise(squares, count);
    const settled = Math.abs(next - noise) < PRECISION * noise;
    noise = next;
    if (settled) break;
  }
  const ahead = count / (count - 1);
  const trend = points.reduce(
    (sum, point, j) => sum + weights[j + 2]! * (ahead - point),
    weights[0]! * ahead + weights[1]!,
  );
  return trend * greatest;
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

/** Coordinate descent at a given noise: ridge on slope and offset, soft threshold on changes of slope. */
function descend(
  columns: readonly (readonly number[])[],
  weights: number[],
  residuals: number[],
  variance: number,
): void {
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let moved = 0;
    for (let j = 0; j < columns.length; j++) {
      const column = columns[j]!;
      let product = 0;
      let square = 0;
      for (let i = 0; i < column.length; i++) {
        product += column[i]! * residuals[i]!;
        square += column[i]! * column[i]!;
      }
      const wanted = product + weights[j]! * square;
      const threshold = variance / CHANGE_SCALE;
      const weight =
        j < 2
          ? wanted / (square + variance / (TREND_DEVIATION * TREND_DEVIATION))
          : (Math.sign(wanted) * Math.max(0, Math.abs(wanted) - threshold)) / square;
      const change = weight - weights[j]!;
      if (change === 0) continue;
      for (let i = 0; i < column.length; i++) residuals[i]! -= change * column[i]!;
      weights[j] = weight;
      moved = Math.max(moved, Math.abs(change));
    }
    if (moved < PRECISION) return;
  }
}

/** Root of count / σ − squares / σ³ + σ / deviation². */
function likeliestNoise(squares: number, count: number): number {
  const precision = 1 / (NOISE_DEVIATION * NOISE_DEVIATION);
  return Math.sqrt((-count + Math.sqrt(count * count + 4 * precision * squares)) / (2 * precision));
}
