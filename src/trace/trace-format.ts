import type { LogColumns } from "./formats/log-columns.ts";
import type { LineSource } from "./line-source.ts";
import type { Trace } from "./trace.ts";

/** What a format reader is told. */
export interface ReadOptions {
  /** Tokens per block id (`--trace-block-size`); null = what the format usually has. */
  readonly traceBlockSize: number | null;
  /** Tokens of a KV block of the engine, for formats that describe prompts token by token. */
  readonly engineBlockSize: number;
  /** Share of the first prompt that sessions of one group have in common (`--trace-shared-prefix-ratio`). */
  readonly sharedPrefixRatio: number;
  /** Groups of such sessions (`--trace-num-prefix-groups`); 0 = none. */
  readonly numPrefixGroups: number;
  /** Columns of a log, by what they say of a request (`--trace-columns`); null = those known by sight. */
  readonly traceColumns: LogColumns | null;
  /** How a log writes times (`--trace-time-format`): s, ms, us, ns or a pattern; null = by sight. */
  readonly traceTimeFormat: string | null;
  /** "required": every request (every session's first turn) must have an arrival time, as open-loop runs need. */
  readonly arrivals: "required" | "optional";
}

/** One recorded-trace format. A new format is one new file and a line in `trace-formats.ts`. */
export interface TraceFormat {
  /** What `--trace-format` calls it. */
  readonly name: string;
  /** One line on what it is, for help and errors. */
  readonly description: string;
  /** Other formats whose files this one reads too, when asked for by name. */
  readonly alsoReads?: readonly string[];
  /** Whether a file beginning with this text (up to 64 KiB) is of this format. At most one format may say so. */
  detect(head: string): boolean;
  /** Reads a whole source. @throws TraceError */
  read(source: LineSource, options: ReadOptions): Promise<Trace>;
  /** Reads several files that are one trace. Absent = the format has no shards. @throws TraceError */
  readShards?(sources: readonly LineSource[], options: ReadOptions): Promise<Trace>;
}

/** The first line of a file's beginning. */
export function firstLine(head: string): string {
  const end = head.indexOf("\n");
  return (end < 0 ? head : head.slice(0, end)).trim();
}
