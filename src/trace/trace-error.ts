/** A trace that cannot be read: a line for people for each mistake, naming the file (and line) at fault. */
export class TraceError extends Error {
  override readonly name = "TraceError";
  /** File, preset or stream the trace came from. */
  readonly file: string;
  /** Line in that file, from 1; null = the file as a whole. With several mistakes, that of the first. */
  readonly line: number | null;
  /** What was found and what is allowed, without the place. */
  readonly problem: string;

  /** @param problem What was found and what is allowed, without the place. */
  constructor(file: string, line: number | null, problem: string) {
    super(line === null ? `${file}: ${problem}` : `${file}:${line}: ${problem}`);
    this.file = file;
    this.line = line;
    this.problem = problem;
  }

  /** Several mistakes as one error, and last what holds of the whole file. */
  static together(mistakes: readonly TraceError[], last?: string): TraceError {
    const [first] = mistakes as readonly [TraceError];
    if (mistakes.length === 1 && last === undefined) return first;
    const lines = mistakes.map(({ message }) => message);
    if (last !== undefined) lines.push(`${first.file}: ${last}`);
    const error = new TraceError(first.file, first.line, "");
    error.message = lines.join("\n");
    return error;
  }
}

/**
 * What reading each of several things gives, in their order; all are read even when some cannot be.
 * @throws TraceError with the mistakes of all
 */
export async function readEach<Item, Value>(
  items: readonly Item[],
  read: (item: Item) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = [];
  const wrong: TraceError[] = [];
  for (const item of items) {
    try {
      values.push(await read(item));
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      wrong.push(error);
    }
  }
  if (wrong.length > 0) throw TraceError.together(wrong);
  return values;
}

/** Text of a value found in a trace, cut to a length that fits on a line. */
export function quoted(found: string): string {
  const oneLine = found.replaceAll(/\p{Cc}+/gu, " ");
  return oneLine.length > 60 ? `${oneLine.slice(0, 57)}...` : oneLine;
}
