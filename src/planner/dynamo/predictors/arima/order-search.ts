import { fitArima } from "./arima-model.ts";
import type { FittedArima } from "./arima-model.ts";
import { difference, differencesNeeded, isConstant } from "./kpss.ts";
import type { ArimaOrder } from "./order.ts";

const MOST_DIFFERENCES = 2;
const MOST_LAGS = 5;
const MOST_FITS = 100;
/** Series shorter than this start the search at (1, d, 1). */
const SHORT_SERIES = 10;

/**
 * Finds the order of a series by the stepwise search of R. J. Hyndman and Y. Khandakar (J. Statistical Software 27,
 * 2008): differences by the KPSS test, then steps of one in p and q and the constant while Akaike's criterion falls.
 * @throws Error when no candidate could be fitted
 */
export function searchOrder(series: readonly number[]): FittedArima {
  const d = differencesNeeded(series, MOST_DIFFERENCES);
  let differenced = series;
  for (let i = 0; i < d; i++) differenced = difference(differenced);
  if (isConstant(differenced)) return fitArima(series, { p: 0, d, q: 0, constant: true });

  const most = Math.min(MOST_LAGS, Math.floor(series.length / 3));
  const start = Math.min(series.length < SHORT_SERIES ? 1 : 2, most);
  const search = new StepwiseSearch(series, d);
  let constant = d <= 1;
  let [p, q] = [start, start];
  search.tries(p, q, constant);
  if (search.tries(0, 0, constant)) [p, q] = [0, 0];
  if (most > 0 && search.tries(1, 0, constant)) [p, q] = [1, 0];
  if (most > 0 && search.tries(0, 1, constant)) [p, q] = [0, 1];
  if (constant && search.tries(0, 0, false)) [p, q] = [0, 0];

  const steps = [
    [-1, 0],
    [0, -1],
    [1, 0],
    [0, 1],
    [-1, -1],
    [-1, 1],
    [1, -1],
    [1, 1],
  ] as const;
  for (let fitsBefore = 0; fitsBefore < search.fits && search.fits < MOST_FITS;) {
    fitsBefore = search.fits;
    const step = steps.find(([dp, dq]) => {
      const [nextP, nextQ] = [p + dp, q + dq];
      const allowed = nextP >= 0 && nextP <= most && nextQ >= 0 && nextQ <= most && search.fits < MOST_FITS;
      return allowed && search.tries(nextP, nextQ, constant);
    });
    if (step !== undefined) [p, q] = [p + step[0], q + step[1]];
    else if (search.fits < MOST_FITS && search.tries(p, q, !constant)) constant = !constant;
  }
  return search.best();
}

/** Candidates fitted so far, each once. */
class StepwiseSearch {
  fits = 0;
  private readonly series: readonly number[];
  private readonly d: number;
  private readonly known = new Set<string>();
  private leader: FittedArima | null = null;

  constructor(series: readonly number[], d: number) {
    this.series = series;
    this.d = d;
  }

  /** Fits a candidate unless it was before; whether it leads now. */
  tries(p: number, q: number, constant: boolean): boolean {
    const key = `${p} ${q} ${String(constant)}`;
    if (this.known.has(key)) return false;
    this.known.add(key);
    this.fits++;
    const order: ArimaOrder = { p, d: this.d, q, constant };
    const model = fitArima(this.series, order);
    if (!Number.isFinite(model.criterion)) return false;
    if (this.leader !== null && !(model.criterion < this.leader.criterion)) return false;
    this.leader = model;
    return true;
  }

  best(): FittedArima {
    if (this.leader === null) throw new Error("no ARIMA model fits the series");
    return this.leader;
  }
}
