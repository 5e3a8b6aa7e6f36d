const mostInARow = 1000;

/**
 * Passes in a row that get nobody on. The reference repeats such passes for ever; here there is an end to it, so that
 * prompts that wait for each other fail.
 */
export class VainPasses {
  private count = 0;

  /** Whether one more may count. */
  another(): boolean {
    return ++this.count <= mostInARow;
  }

  /** A pass got somebody on. */
  reset(): void {
    this.count = 0;
  }
}
