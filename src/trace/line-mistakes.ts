import { TraceError } from "./trace-error.ts";

/** Mistakes of a trace that are told at once; reading stops there. */
export const mostMistakes = 10;

/**
 * Mistakes of the lines of a trace, to be told together: a line at fault is left out, and those after it are still read
 * for theirs.
 */
export class LineMistakes {
  readonly #found: TraceError[] = [];
  #told: TraceError | null = null;

  /** Mistakes so far. */
  get count(): number {
    return this.#found.length;
  }

  /**
   * Takes what reading a line has thrown.
   * @throws TraceError of all mistakes when they are enough, and what is no mistake of a trace as it is
   */
  add(error: unknown): void {
    if (error === this.#told || !(error instanceof TraceError)) throw error;
    this.#found.push(error);
    if (this.#found.length >= mostMistakes) this.#tell(`stopped looking after ${mostMistakes} mistakes`);
  }

  /** Does one check of a line. @returns whether it passed. @throws as `add` */
  passes(check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      this.add(error);
      return false;
    }
  }

  /** Awaits the reading of lines, then tells their mistakes, with the one that ended it if any. @throws TraceError */
  async tellAfter(reading: Promise<void>): Promise<void> {
    try {
      await reading;
    } catch (error) {
      this.add(error);
    }
    this.throwIfAny();
  }

  /** Ends the reading, also from within. @throws TraceError when there is any mistake */
  throwIfAny(): void {
    if (this.#found.length > 0) this.#tell();
  }

  #tell(last?: string): never {
    this.#told = TraceError.together(this.#found, last);
    throw this.#told;
  }
}
