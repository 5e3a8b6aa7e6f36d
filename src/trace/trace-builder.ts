import { BlockNumbering } from "./block-numbering.ts";
import { firstArrivals, type FirstArrivals } from "./first-arrivals.ts";
import { grownFloat64, grownInt32 } from "./grown-column.ts";
import { PriorityBuilder } from "./priority-builder.ts";
import { SessionBuilder } from "./session-builder.ts";
import type { Trace, TraceSessions } from "./trace.ts";
import { quoted, TraceError } from "./trace-error.ts";

/** Most tokens a prompt or an answer may have: lengths are kept in 32 bits. */
export const maxTokens = 2 ** 31 - 1;

/** Longest time between requests, ms: ten years; longer ones are times in other units. */
export const longestMs = 10 * 366 * 86_400_000;

/** Collects the columns of a trace row by row; every format reader writes into one. */
export class TraceBuilder {
  readonly file: string;
  readonly blockSize: number;
  readonly notes: string[] = [];
  /** Source line of each request, to name it in errors found later. */
  #lines: Int32Array<ArrayBuffer>;
  #arrivalMs: Float64Array<ArrayBuffer>;
  #inputLength: Int32Array<ArrayBuffer>;
  #outputLength: Int32Array<ArrayBuffer>;
  #offsets: Float64Array<ArrayBuffer>;
  /** Ids of all finished rows, then those of the row being read. */
  #ids: Int32Array<ArrayBuffer>;
  #idCount = 0;
  #count = 0;
  /** Upper 32 bits of the ids; null while all are below 2^31. */
  #upperHalves: Uint32Array<ArrayBuffer> | null = null;
  #clamped = 0;
  /** What `finish` has taken off all arrivals, ms. */
  shiftMs = 0;
  /** What an error about missing times says of a key that resembles theirs. */
  #timeHint: string | null = null;
  readonly #skipped = new Map<string, number>();
  #sessions: SessionBuilder | null = null;
  #priorities: PriorityBuilder | null = null;

  /** @param sizeHint Bytes of the source when known: sizes the columns so that a usual file needs no growing. */
  constructor(file: string, blockSize: number, sizeHint: number | null = null) {
    this.file = file;
    this.blockSize = blockSize;
    const bytes = Math.min(sizeHint ?? 2 ** 20, 2 ** 28);
    const rows = 2 ** 10 + Math.ceil(bytes / 128);
    this.#lines = new Int32Array(rows);
    this.#arrivalMs = new Float64Array(rows);
    this.#inputLength = new Int32Array(rows);
    this.#outputLength = new Int32Array(rows);
    this.#offsets = new Float64Array(rows + 1);
    this.#ids = new Int32Array(2 ** 12 + Math.ceil(bytes / 8));
  }

  get count(): number {
    return this.#count;
  }

  /** Block ids pushed for the row being read. */
  get pendingBlocks(): number {
    return this.#idCount - this.#offsets[this.#count]!;
  }

  /** Where the next block ids go, with room for at least one; tell how many there are with `setIdCount`. */
  get ids(): Int32Array<ArrayBuffer> {
    if (this.#idCount === this.#ids.length) this.growIds();
    return this.#ids;
  }

  /** Block ids of all rows so far, that being read included. */
  get idCount(): number {
    return this.#idCount;
  }

  /** Accepts the small ids (below 2^31) that were written to `ids` behind `idCount`; numbers come at the end. */
  setIdCount(count: number): void {
    this.#idCount = count;
  }

  /** Makes room for more ids; returns the new array, which holds those written so far. */
  growIds(): Int32Array<ArrayBuffer> {
    this.#ids = grownInt32(this.#ids);
    return this.#ids;
  }

  /** Adds a block with any 64-bit id, in two unsigned halves, to the row being read. */
  pushBlock(high: number, low: number): void {
    const { ids } = this;
    if (high !== 0 || low >= 2 ** 31) this.#upperHalves ??= new Uint32Array(ids.length);
    if (this.#upperHalves !== null) {
      if (this.#upperHalves.length < ids.length) this.#growUpperHalves();
      this.#upperHalves[this.#idCount] = high;
    }
    ids[this.#idCount++] = low;
  }

  /** Forgets the blocks of the row being read. */
  dropPendingBlocks(): void {
    this.keepBlocks(0);
  }

  /** Keeps only the first `blocks` blocks of the row being read. */
  keepBlocks(blocks: number): void {
    const kept = this.#offsets[this.#count]! + blocks;
    if (kept >= this.#idCount) return;
    // Rows that follow may write small ids, without an upper half.
    this.#upperHalves?.fill(0, kept, this.#idCount);
    this.#idCount = kept;
  }

  /** Notes that a prompt was longer than its blocks can hold. */
  countClamped(): void {
    this.#clamped += 1;
  }

  /** Ends the row: its blocks are those pushed since the row before. `arrivalMs` NaN = no time given. */
  addRow(line: number, arrivalMs: number, inputLength: number, outputLength: number): void {
    const row = this.#count;
    if (row === this.#lines.length) this.#growRows();
    this.#lines[row] = line;
    this.#arrivalMs[row] = arrivalMs;
    this.#inputLength[row] = inputLength;
    this.#outputLength[row] = outputLength;
    this.#offsets[row + 1] = this.#idCount;
    this.#count = row + 1;
  }

  /** Sessions of this trace; rows before the first call stand on their own. */
  get sessions(): SessionBuilder {
    this.#sessions ??= new SessionBuilder(this.#count);
    return this.#sessions;
  }

  /** Whether any row so far has named a session. */
  get hasSessions(): boolean {
    return this.#sessions !== null;
  }

  /** Priorities of the rows that give one. */
  get priorities(): PriorityBuilder {
    this.#priorities ??= new PriorityBuilder();
    return this.#priorities;
  }

  /** Counts a row that is left out, by reason; told in the notes. */
  skip(reason: string): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  /** Tells the user something once. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }

  /** Tells of a key without meaning that resembles one of a field's names, which the row lacks. */
  notePassedOver(line: number, key: string, field: string, name: string): void {
    this.note(`line ${line}: the unknown key "${quoted(key)}" is passed over; did you mean "${name}"?`);
    if (field === "timestamp") this.#timeHint ??= ` (found "${quoted(key)}": did you mean "${name}"?)`;
  }

  fail(line: number | null, problem: string): never {
    throw new TraceError(this.file, line, problem);
  }

  /**
   * The trace, with arrivals shifted so that the earliest first turn is at 0.
   *
   * @param arrivals "required" = every first turn must have a time (open loop); "optional" = none needs one.
   * @throws TraceError when there is no row, or a time is missing.
   */
  finish(name: string, arrivals: "required" | "optional"): Trace {
    const count = this.#count;
    for (const [reason, rows] of this.#skipped)
      this.notes.push(`${rows} row${rows === 1 ? "" : "s"} left out: ${reason}`);
    if (count === 0) {
      const [skipped] = this.#skipped.keys();
      this.fail(null, skipped === undefined ? "holds no requests" : `holds no usable requests (${skipped})`);
    }
    const sessions = this.#sessions?.finish() ?? null;
    const arrivalMs = this.#arrivalMs.subarray(0, count);
    const first = firstArrivals(arrivalMs, sessions);
    if (arrivals === "required" && first.missing > 0) this.#failForTime(first, sessions);
    this.#shift(arrivalMs, first);
    if (this.#clamped > 0) {
      this.notes.push(
        `${this.#clamped} of ${count} prompts were longer than their blocks of ${this.blockSize} tokens can hold and were cut to them`,
      );
    }
    let distinct = this.#numberBlocks();
    const shared = distinct < this.#idCount;
    if (shared) distinct = this.#completeBlocks(distinct);
    return {
      name,
      count,
      arrivalMs,
      inputLength: this.#inputLength.subarray(0, count),
      outputLength: this.#outputLength.subarray(0, count),
      blocks: shared
        ? {
            blockSize: this.blockSize,
            offsets: this.#offsets.subarray(0, count + 1),
            ids: this.#ids.subarray(0, this.#idCount),
            distinct,
          }
        : null,
      sessions,
      ...(this.#priorities === null ? {} : { priorities: this.#priorities.finish(count) }),
      notes: this.notes,
    };
  }

  #failForTime({ missingRow, missing }: FirstArrivals, sessions: TraceSessions | null): never {
    const whose =
      sessions === null
        ? "the request"
        : `the first turn of session ${sessions.names[sessions.sessionOf[missingRow]!]}`;
    const others = missing - 1;
    const also = others === 0 ? "" : `, as for ${others} other${others === 1 ? "" : "s"}`;
    this.fail(
      this.#lines[missingRow]!,
      `timestamp is missing${this.#timeHint ?? ""}: an open-loop run needs one for ${whose}${also} (a run with --replay-concurrency does not)`,
    );
  }

  /** Takes the earliest arrival off all. */
  #shift(arrivalMs: Float64Array, { earliestMs, latestMs, lastRow }: FirstArrivals): void {
    if (latestMs - earliestMs > longestMs) {
      this.fail(
        this.#lines[lastRow]!,
        `comes ${latestMs - earliestMs} ms after the first request, more than ten years: is its time in another unit?`,
      );
    }
    if (earliestMs === Infinity) return;
    this.shiftMs = earliestMs;
    if (earliestMs === 0) return;
    for (let row = 0; row < arrivalMs.length; row++) arrivalMs[row] = arrivalMs[row]! - earliestMs;
  }

  /** Turns the ids into dense numbers; returns how many different ones there are. */
  #numberBlocks(): number {
    const numbering = new BlockNumbering();
    if (this.#upperHalves === null) numbering.numberSmall(this.#ids, this.#idCount);
    else {
      if (this.#upperHalves.length < this.#ids.length) this.#growUpperHalves();
      numbering.numberLarge(this.#ids, this.#upperHalves, this.#idCount);
    }
    return numbering.distinct;
  }

  /** Gives prompts whose blocks are not (all) known ones of their own; returns the new number of different blocks. */
  #completeBlocks(distinct: number): number {
    let needed = 0;
    for (let row = 0; row < this.#count; row++) needed += Math.ceil(this.#inputLength[row]! / this.blockSize);
    if (needed === this.#idCount) return distinct;
    const ids = new Int32Array(needed);
    const offsets = new Float64Array(this.#count + 1);
    let next = distinct;
    let at = 0;
    for (let row = 0; row < this.#count; row++) {
      const known = this.#ids.subarray(this.#offsets[row]!, this.#offsets[row + 1]!);
      ids.set(known, at);
      offsets[row + 1] = at + Math.ceil(this.#inputLength[row]! / this.blockSize);
      for (at += known.length; at < offsets[row + 1]!; at++) ids[at] = next++;
    }
    this.#ids = ids;
    this.#idCount = needed;
    this.#offsets = offsets;
    return next;
  }

  #growUpperHalves(): void {
    const grown = new Uint32Array(this.#ids.length);
    grown.set(this.#upperHalves!);
    this.#upperHalves = grown;
  }

  #growRows(): void {
    this.#lines = grownInt32(this.#lines);
    this.#inputLength = grownInt32(this.#inputLength);
    this.#outputLength = grownInt32(this.#outputLength);
    this.#arrivalMs = grownFloat64(this.#arrivalMs, this.#arrivalMs.length * 2);
    this.#offsets = grownFloat64(this.#offsets, this.#arrivalMs.length + 1);
  }
}
