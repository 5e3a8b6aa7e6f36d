import type { ByteSource } from "./byte-source.ts";
import { TraceError } from "./trace-error.ts";

/** Longest line a trace may have; bounds the memory a malformed file can take. */
const maxLineBytes = 64 * 2 ** 20;

const initialBytes = 1 << 20;
const headBytes = 1 << 16;
const newline = 10;
const byteOrderMark = [0xef, 0xbb, 0xbf];

/**
 * Receives whole lines, `bytes[start .. end)`, each ending in a newline (one is added to a last line that lacks it).
 * `firstLine` is the number of the first, from 1. Returns how many lines there were.
 */
export type LineBlockReader = (bytes: Uint8Array, start: number, end: number, firstLine: number) => number;

/** Cuts a byte source into blocks of whole lines, in one buffer that is reused. */
export class LineSource {
  readonly name: string;
  readonly #source: ByteSource;
  #buffer: Uint8Array;
  #filled = 0;
  #ended = false;
  #closed = false;
  #begun = false;

  constructor(source: ByteSource) {
    this.name = source.name;
    this.#source = source;
    // One byte more than the file, so that its end is seen without growing.
    const bytes = source.sizeHint === null ? headBytes : Math.min(initialBytes, source.sizeHint + 1);
    this.#buffer = new Uint8Array(bytes);
  }

  /** Bytes of the whole source when known, as those of a short stream are once its head has been asked for. */
  get sizeHint(): number | null {
    return this.#ended ? this.#filled : this.#source.sizeHint;
  }

  /** The first bytes (64 KiB, or less where the source is shorter), to recognise a format; consumes nothing. */
  async head(): Promise<Uint8Array> {
    while (!this.#ended && this.#filled < Math.min(headBytes, this.#buffer.length)) await this.#fill();
    return this.#buffer.subarray(0, Math.min(this.#filled, headBytes));
  }

  /**
   * Hands all lines to `onLines`, block by block, and closes the source.
   *
   * @throws TraceError for a line longer than `maxLineBytes`, and whatever `onLines` throws.
   */
  async readAll(onLines: LineBlockReader): Promise<void> {
    let nextLine = 1;
    let bytesSinceBreath = 0;
    // Start of what has not been searched for a newline, so that a long line is searched once.
    let searched = 0;
    try {
      for (;;) {
        const last = this.#buffer.subarray(searched, this.#filled).lastIndexOf(newline);
        if (last >= 0) {
          const end = searched + last + 1;
          nextLine += onLines(this.#buffer, 0, end, nextLine);
          this.#buffer.copyWithin(0, end, this.#filled);
          this.#filled -= end;
        }
        if (this.#ended) break;
        searched = this.#filled;
        if (this.#filled === this.#buffer.length) this.#grow(nextLine);
        const filling = this.#fill();
        if (filling !== undefined) await filling;
        bytesSinceBreath += this.#filled - searched;
        if (bytesSinceBreath > 2 ** 25) {
          // Let signals and progress through while a large file is read synchronously.
          bytesSinceBreath = 0;
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      if (this.#filled > 0) {
        // The read that found the end had room for a byte.
        this.#buffer[this.#filled] = newline;
        onLines(this.#buffer, 0, this.#filled + 1, nextLine);
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#source.close();
  }

  #fill(): Promise<void> | undefined {
    const got = this.#source.read(this.#buffer, this.#filled, this.#buffer.length - this.#filled);
    if (typeof got === "number") {
      this.#take(got);
      return undefined;
    }
    return got.then((bytes) => this.#take(bytes));
  }

  #take(bytes: number): void {
    this.#filled += bytes;
    this.#ended = bytes === 0;
    if (!this.#begun && this.#filled >= byteOrderMark.length) this.#begin();
  }

  /** Drops the mark some editors begin UTF-8 with. @throws TraceError for UTF-16 */
  #begin(): void {
    this.#begun = true;
    const [first, second] = this.#buffer;
    const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
    // Without the mark, every other byte of Latin text is zero.
    if (marked || (first === 0) !== (second === 0)) {
      throw new TraceError(this.name, 1, "is UTF-16 text; save it as UTF-8");
    }
    if (!byteOrderMark.every((byte, place) => this.#buffer[place] === byte)) return;
    this.#buffer.copyWithin(0, byteOrderMark.length, this.#filled);
    this.#filled -= byteOrderMark.length;
  }

  #grow(line: number): void {
    if (this.#buffer.length >= maxLineBytes) {
      throw new TraceError(this.name, line, `line longer than ${maxLineBytes / 2 ** 20} MiB`);
    }
    const grown = new Uint8Array(Math.min(maxLineBytes, Math.max(initialBytes, this.#buffer.length * 2)));
    grown.set(this.#buffer);
    this.#buffer = grown;
  }
}
