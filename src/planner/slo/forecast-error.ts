import type { RequestHistory } from "./request-history.ts";

/** A rate that was expected, and for when. */
interface Forecast {
  readonly forSeconds: number;
  readonly requestsPerSecond: number;
}

/** Requests are counted for so long around the time a forecast was for, s. */
const countedSeconds = 120;
/** Forecasts remembered. */
const rememberedForecasts = 60;
/** Forecasts that must have come due before they say anything, and what holds until then. */
const leastForecasts = 10;
const usualMargin = 1.1;
/** Share of the forecasts that the traffic stayed below. */
const quantile = 0.9;
const mostMargin = 3;

/** A peak is remembered for so long, s. */
const peakSeconds = 7200;

/** How far the traffic has been above what was expected of it. */
export class ForecastError {
  private readonly due: Forecast[] = [];
  private readonly ratios: number[] = [];

  note(forSeconds: number, requestsPerSecond: number): void {
    this.due.push({ forSeconds, requestsPerSecond });
  }

  /**
   * Requests a second to be ready for: `expected`, raised so far that nine tenths of the forecasts would have been
   * enough, but not above what has been seen.
   */
  readyFor(expected: number, history: RequestHistory, nowSeconds: number): number {
    const raised = expected * this.margin(history, nowSeconds);
    let peak = 0;
    const since = Math.max(0, nowSeconds - peakSeconds);
    for (let to = nowSeconds; to - countedSeconds >= since; to -= countedSeconds) {
      peak = Math.max(peak, history.arrivals(to - countedSeconds, to) / countedSeconds);
    }
    return peak === 0 ? raised : Math.max(expected, Math.min(raised, peak));
  }

  private margin(history: RequestHistory, nowSeconds: number): number {
    const { due, ratios } = this;
    while (due.length > 0 && due[0]!.forSeconds + countedSeconds / 2 <= nowSeconds) {
      const { forSeconds, requestsPerSecond } = due.shift()!;
      const counted = history.arrivals(forSeconds - countedSeconds / 2, forSeconds + countedSeconds / 2);
      if (requestsPerSecond > 0) ratios.push(counted / countedSeconds / requestsPerSecond);
      if (ratios.length > rememberedForecasts) ratios.shift();
    }
    if (ratios.length < leastForecasts) return usualMargin;
    const sorted = ratios.toSorted((a, b) => a - b);
    return Math.min(mostMargin, Math.max(1, sorted[Math.floor(quantile * (sorted.length - 1))]!));
  }
}
