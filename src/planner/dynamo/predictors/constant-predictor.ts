import { LeadingZeros } from "./leading-zeros.ts";
import type { Predictor } from "./predictor.ts";

/** Expects the last value again. */
export class ConstantPredictor implements Predictor {
  private last = 0;
  private readonly leadingZeros = new LeadingZeros();

  add(value: number): void {
    const known = Number.isNaN(value) ? 0 : value;
    if (this.leadingZeros.accepts(known)) this.last = known;
  }

  predict(): number {
    return Math.max(0, this.last);
  }

  skipLeadingZeros(): void {
    this.leadingZeros.reset();
  }
}
