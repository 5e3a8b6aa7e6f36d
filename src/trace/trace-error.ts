/** A trace that cannot be read: one line for people, naming the file (and line) at fault. */
export class TraceError extends Error {
  override readonly name = "TraceError";
  /** File, preset or stream the trace came from. */
  readonly file: string;
  /** Line in that file, from 1; null = the file as a whole. */
  readonly line: number | null;

  /** @param problem What was found and what is allowed, without the place. */
  constructor(file: string, line: number | null, problem: string) {
    super(line === null ? `${file}: ${problem}` : `${file}:${line}: ${problem}`);
    this.file = file;
    this.line = line;
  }
}

/** Text of a value found in a trace, cut to a length that fits on a line. */
export function quoted(found: string): string {
  const oneLine = found.replaceAll(/\p{Cc}+/gu, " ");
  return oneLine.length > 60 ? `${oneLine.slice(0, 57)}...` : oneLine;
}
