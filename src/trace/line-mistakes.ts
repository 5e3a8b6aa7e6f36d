import { TraceError } from "./trace-error.ts";

/** Different mistakes of a trace that are told at once; reading stops there. */
const mostTold = 10;
/** Mistakes of a trace, like ones too, after which reading stops. */
const mostFound = 1000;

/**
 * Mistakes of the lines of a trace, to be told together: a line at fault is left out, and those after it are still read
 * for theirs.
 */
export class LineMistakes {
  /** The first of each kind of mistake, by what is wrong. */
  readonly #found = new Map<string, { readonly first: TraceError; more: number }>();
  #count = 0;
  #told: TraceError | null = null;

  /** Mistakes so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes what reading a line has thrown.
   * @throws TraceError of all mistakes when they are enough, and what is no mistake of a trace as it is
   */
  add(error: unknown): void {
    if (error === this.#told || !(error instanceof TraceError)) throw error;
    this.#count++;
    const like = this.#found.get(error.problem);
    if (like === undefined) this.#found.set(error.problem, { first: error, more: 0 });
    else like.more++;
    if (this.#found.size >= mostTold || this.#count >= mostFound) {
      this.#tell(`stopped looking after ${this.#count} mistakes`);
    }
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
    if (this.#count > 0) this.#tell();
  }

  #tell(last?: string): never {
    const mistakes = Array.from(this.#found.values(), ({ first, more }) =>
      more === 0 ? first : new TraceError(first.file, first.line, `${first.problem} (and ${more} more like it)`),
    );
    this.#told = TraceError.together(mistakes, last);
    throw this.#told;
  }
}
