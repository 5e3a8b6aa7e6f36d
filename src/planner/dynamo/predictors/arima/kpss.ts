/** Critical values of the level-stationarity statistic and their probabilities (Kwiatkowski et al. 1992, table 1). */
const CRITICAL = [0.347, 0.463, 0.574, 0.739] as const;
const PROBABILITY = [0.1, 0.05, 0.025, 0.01] as const;
const SIGNIFICANCE = 0.05;

/**
 * How often a series is differenced before it is level-stationary by the test of Kwiatkowski, Phillips, Schmidt and
 * Shin, J. Econometrics 54 (1992), with the short lag window; at most `most` times.
 */
export function differencesNeeded(series: readonly number[], most: number): number {
  let differences = 0;
  let values = series;
  if (isConstant(values)) return 0;
  while (differences < most && probability(values) < SIGNIFICANCE) {
    differences++;
    values = difference(values);
    if (isConstant(values)) break;
  }
  return differences;
}

/** Steps between neighbours. */
export function difference(series: readonly number[]): number[] {
  return series.slice(1).map((value, i) => value - series[i]!);
}

/** Whether all values are the same. */
export function isConstant(series: readonly number[]): boolean {
  return series.every((value) => value === series[0]);
}

function probability(series: readonly number[]): number {
  const n = series.length;
  const mean = series.reduce((sum, value) => sum + value, 0) / n;
  const residuals = series.map((value) => value - mean);
  let partial = 0;
  let eta = 0;
  for (const residual of residuals) {
    partial += residual;
    eta += partial * partial;
  }
  eta /= n * n;
  const lags = Math.trunc(4 * (n / 100) ** 0.25);
  let variance = residuals.reduce((sum, residual) => sum + residual * residual, 0) / n;
  let weighted = 0;
  for (let lag = 1; lag <= lags; lag++) {
    let covariance = 0;
    for (let i = lag; i < n; i++) covariance += residuals[i]! * residuals[i - lag]!;
    weighted += covariance * (1 - lag / (lags + 1));
  }
  variance += (2 * weighted) / n;
  return interpolate(eta / variance);
}

function interpolate(statistic: number): number {
  if (!(statistic > CRITICAL[0])) return PROBABILITY[0];
  for (let i = 1; i < CRITICAL.length; i++) {
    if (statistic > CRITICAL[i]!) continue;
    const part = (statistic - CRITICAL[i - 1]!) / (CRITICAL[i]! - CRITICAL[i - 1]!);
    return PROBABILITY[i - 1]! + part * (PROBABILITY[i]! - PROBABILITY[i - 1]!);
  }
  return PROBABILITY.at(-1)!;
}
