import { newtonAscent } from "./newton-ascent.ts";
import { quasiNewtonAscent } from "./quasi-newton-ascent.ts";
import { TrendModel } from "./trend-model.ts";

/** Digits of the parameters the reference's optimiser hands over. */
const DIGITS = 8;
/** Series from here on are fitted by another optimiser there, and by the first one only where that fails. */
const LONG_SERIES = 100;

/**
 * Next value of an evenly spaced series by a straight line that may bend (Prophet's trend model).
 * @param series at least two values
 */
export function extrapolateTrend(series: readonly number[]): number {
  if (series.every((value) => value === series[0])) return series[0]!;
  const greatest = Math.max(...series.map(Math.abs));
  const model = new TrendModel(series.map((value) => value / greatest));
  const fitted = (series.length < LONG_SERIES ? null : quasiNewtonAscent(model)) ?? newtonAscent(model);
  const parameters = Array.from(fitted, (parameter) => Number(parameter.toPrecision(DIGITS)));
  return model.line(parameters, series.length / (series.length - 1)) * greatest;
}
