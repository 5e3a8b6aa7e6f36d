import type { TraceSessions } from "./trace.ts";

/** Collects which session each row belongs to, and the think time before it. Sessions may interleave. */
export class SessionBuilder {
  readonly #byName = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #sessionOf: number[] = [];
  readonly #turnOf: number[] = [];
  readonly #delayMs: number[] = [];
  readonly #turns: number[] = [];
  /** Last timestamp each session has given, ms; NaN before. */
  readonly #lastTimeMs: number[] = [];

  /** @param rowsBefore Rows already read; each of them is a session of its own. */
  constructor(rowsBefore: number) {
    for (let row = 0; row < rowsBefore; row++) this.addLone();
  }

  /** Index of the session called `name`; a new one when it has not been seen. */
  indexOf(name: string): number {
    let index = this.#byName.get(name);
    if (index === undefined) {
      index = this.#open(name);
      this.#byName.set(name, index);
    }
    return index;
  }

  /** Turns the session has so far. */
  turns(session: number): number {
    return this.#turns[session]!;
  }

  /** The last timestamp a row of the session gave, ms; NaN when none did. */
  lastTimeMs(session: number): number {
    return this.#lastTimeMs[session]!;
  }

  /** Adds the next row as the next turn of a session. `timeMs` NaN = the row has none. */
  addTurn(session: number, delayMs: number, timeMs: number): void {
    this.#sessionOf.push(session);
    this.#turnOf.push(this.#turns[session]!++);
    this.#delayMs.push(delayMs);
    if (timeMs === timeMs) this.#lastTimeMs[session] = timeMs;
  }

  /** Adds the next row as a session of one turn, named after its place in the file. */
  addLone(): void {
    this.addTurn(this.#open(`request_${this.#sessionOf.length + 1}`), 0, Number.NaN);
  }

  finish(): TraceSessions {
    return {
      sessionOf: Int32Array.from(this.#sessionOf),
      turnOf: Int32Array.from(this.#turnOf),
      delayMs: Float64Array.from(this.#delayMs),
      names: this.#names,
    };
  }

  #open(name: string): number {
    this.#turns.push(0);
    this.#lastTimeMs.push(Number.NaN);
    return this.#names.push(name) - 1;
  }
}
