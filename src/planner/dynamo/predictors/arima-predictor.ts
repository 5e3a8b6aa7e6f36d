import { forecastArima, updateArima } from "./arima/arima-model.ts";
import type { FittedArima } from "./arima/arima-model.ts";
import { searchOrder } from "./arima/order-search.ts";
import { LeadingZeros } from "./leading-zeros.ts";
import type { Predictor } from "./predictor.ts";

/** Values before the first search; until then the last value is the forecast. */
const FIRST_SEARCH = 5;

/**
 * ARIMA with the order found on the first five values and kept; later values only move the parameters a little
 * (planner-reference §3, planner-findings §6.3). A search that ends without AR and MA terms is repeated on log(1 + value).
 */
export class ArimaPredictor implements Predictor {
  private readonly values: number[] = [];
  /** Values the model has not seen. */
  private pending: number[] = [];
  private model: FittedArima | null = null;
  private logarithmic: boolean;
  private forecast: number | null = null;
  private readonly leadingZeros = new LeadingZeros();

  /** @param log1p work on log(1 + value) from the start */
  constructor(log1p: boolean) {
    this.logarithmic = log1p;
  }

  add(value: number): void {
    const known = Number.isNaN(value) ? 0 : value;
    if (!this.leadingZeros.accepts(known)) return;
    const raw = Math.max(0, known);
    this.values.push(raw);
    this.pending.push(raw);
    this.forecast = null;
  }

  predict(): number {
    const last = this.values.at(-1) ?? 0;
    if (this.values.length < FIRST_SEARCH) return last;
    if (this.values.every((value) => value === this.values[0])) return this.values[0]!;
    if (this.forecast === null) {
      this.fit();
      const ahead = this.model === null ? Number.NaN : forecastArima(this.model);
      const value = this.logarithmic ? Math.expm1(ahead) : ahead;
      this.forecast = Number.isFinite(value) ? Math.max(0, value) : last;
    }
    return this.forecast;
  }

  skipLeadingZeros(): void {
    this.leadingZeros.reset();
  }

  private fit(): void {
    if (this.model === null) {
      this.model = this.search(this.logarithmic);
      const { p, q } = this.model.order;
      if (p === 0 && q === 0 && !this.logarithmic) {
        this.model = this.search(true);
        this.logarithmic = true;
      }
    } else if (this.pending.length > 0) {
      this.model = updateArima(this.model, this.logarithmic ? this.pending.map(Math.log1p) : this.pending);
    }
    this.pending = [];
  }

  private search(logarithmic: boolean): FittedArima {
    return searchOrder(logarithmic ? this.values.map(Math.log1p) : [...this.values]);
  }
}
