/** One mistake in what the user gave. */
export interface ConfigProblem {
  /** Flag and JSON path, as the user wrote them: `--extra-engine-args sglang.page_size`. */
  readonly where: string;
  /** What was found and what is allowed. */
  readonly message: string;
}

/** Bad usage or input: every mistake that was found, each one line. The command line exits with 2. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ where, message }) => (where === "" ? message : `${where}: ${message}`)).join("\n"));
    this.problems = problems;
  }
}

/** Collects mistakes so that they can be reported together. */
export class ProblemList {
  readonly problems: ConfigProblem[] = [];

  add(where: string, message: string): void {
    this.problems.push({ where, message });
  }

  /** @throws ConfigError when anything was added */
  throwIfAny(): void {
    if (this.problems.length > 0) throw new ConfigError(this.problems);
  }
}

const LONGEST_SHOWN = 60;

/** A value as an error shows it: JSON, cut to a length that fits on a line. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 3)}...` : text;
}
