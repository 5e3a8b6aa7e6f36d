import type { LineSource } from "./line-source.ts";
import type { Trace } from "./trace.ts";

/** What a format reader is told. */
export interface ReadOptions {
  /** Tokens per block id (`--trace-block-size`). */
  readonly traceBlockSize: number;
  /** "required": every request (every session's first turn) must have an arrival time, as open-loop runs need. */
  readonly arrivals: "required" | "optional";
}

/** One recorded-trace format. A new format is one new file and a line in `trace-formats.ts`. */
export interface TraceFormat {
  /** What `--trace-format` calls it. */
  readonly name: string;
  /** One line on what it is, for help and errors. */
  readonly description: string;
  /** Whether a file beginning with these bytes is certainly of this format. */
  detect(head: string): boolean;
  /** Reads a whole source. @throws TraceError */
  read(source: LineSource, options: ReadOptions): Promise<Trace>;
}
