import type { PredictorConfig } from "../planner-config.ts";
import { LeadingZeros } from "./leading-zeros.ts";
import type { Predictor } from "./predictor.ts";
import { extrapolateTrend } from "./prophet/trend-fit.ts";

/** Values before the first fit; until then the last value is the forecast. */
const FIRST_FIT = 5;

/**
 * Prophet as the planner uses it: the last intervals, fitted anew each time. They span less than the two days from which
 * seasonality would be looked for, so that only the trend is left (planner-reference §3).
 */
export class ProphetPredictor implements Predictor {
  private values: number[] = [];
  private forecast: number | null = null;
  private readonly leadingZeros = new LeadingZeros();
  private readonly window: number;
  private readonly log1p: boolean;

  constructor({ prophetWindowSize, log1p }: PredictorConfig) {
    this.window = prophetWindowSize;
    this.log1p = log1p;
  }

  add(value: number): void {
    const known = Number.isNaN(value) ? 0 : value;
    if (!this.leadingZeros.accepts(known)) return;
    this.values.push(this.log1p ? Math.log1p(Math.max(0, known)) : known);
    if (this.values.length > this.window) this.values.shift();
    this.forecast = null;
  }

  predict(): number {
    if (this.forecast === null) {
      const next = this.values.length < FIRST_FIT ? (this.values.at(-1) ?? 0) : extrapolateTrend(this.values);
      const value = this.log1p ? Math.expm1(next) : next;
      this.forecast = Number.isFinite(value) ? Math.max(0, value) : Number.MAX_VALUE;
    }
    return this.forecast;
  }

  skipLeadingZeros(): void {
    this.leadingZeros.reset();
  }
}
