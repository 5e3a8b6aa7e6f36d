import { minimise } from "./limited-memory-bfgs.ts";
import type { ArimaOrder, ArimaParameters } from "./order.ts";
import { parameterCount } from "./order.ts";
import { emptyParameters, fromVector, startParameters, toVector } from "./parameters.ts";
import { greatestInverseRoot } from "./polynomial-roots.ts";
import { SeriesFilter } from "./state-space.ts";

/** A model fitted to a series. */
export interface FittedArima {
  readonly order: ArimaOrder;
  readonly series: readonly number[];
  readonly parameters: ArimaParameters;
  /** Akaike's information criterion; Infinity when the fit is of no use. */
  readonly criterion: number;
}

const FIT_ITERATIONS = 50;
const UPDATE_ITERATIONS = 5;
/** Inverse roots nearer to the unit circle than this disqualify a model. */
const ROOT_MARGIN = 1e-2;

/** Fits a model by maximum likelihood, from scratch. */
export function fitArima(series: readonly number[], order: ArimaOrder): FittedArima {
  return fit(series, order, startParameters(series, order), FIT_ITERATIONS);
}

/** Adds values and lets the parameters move for five iterations, no further. */
export function updateArima(model: FittedArima, values: readonly number[]): FittedArima {
  const iterations = Math.max(UPDATE_ITERATIONS, Math.floor(values.length / 10));
  return fit([...model.series, ...values], model.order, model.parameters, iterations);
}

/** The value after the series' last. */
export function forecastArima({ series, order, parameters }: FittedArima): number {
  return new SeriesFilter(series, order).run(parameters).forecast;
}

function fit(series: readonly number[], order: ArimaOrder, start: ArimaParameters, maxIterations: number): FittedArima {
  const filter = new SeriesFilter(series, order);
  const parameters = emptyParameters(order);
  const objective = (vector: Float64Array): number => {
    fromVector(order, vector, parameters);
    return -filter.run(parameters).logLikelihood / series.length;
  };
  fromVector(order, minimise(objective, toVector(order, start), { maxIterations }), parameters);
  const { logLikelihood } = filter.run(parameters);
  const criterion = -2 * logLikelihood + 2 * parameterCount(order);
  return { order, series, parameters, criterion: isUsable(order, parameters, criterion) ? criterion : Infinity };
}

/** With a moving-average part only its roots are looked at, as the reference's library does. */
function isUsable(order: ArimaOrder, { ar, ma }: ArimaParameters, criterion: number): boolean {
  if (!Number.isFinite(criterion)) return false;
  const inverseRoot = order.q > 0 ? greatestInverseRoot(ma) : greatestInverseRoot(ar.map((entry) => -entry));
  return inverseRoot <= 1 - ROOT_MARGIN;
}
