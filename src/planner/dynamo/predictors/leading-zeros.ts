/** Drops the zeros a series starts with: an idle system before its first traffic says nothing about traffic. */
export class LeadingZeros {
  private waiting = true;

  /** Whether a value belongs to the series. */
  accepts(value: number): boolean {
    if (value !== 0) this.waiting = false;
    return !this.waiting;
  }

  /** Waits for a value other than zero again. */
  reset(): void {
    this.waiting = true;
  }
}
