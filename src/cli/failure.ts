/** Exit codes of every command. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, interrupted: 130 } as const;

/** Names of errors whose message is meant for people and whose cause is what the user gave. */
const inputErrors = new Set(["ConfigError", "TraceError", "TruthTableError", "TableError", "AxisError"]);
/** Names of errors whose message is meant for people and whose cause lies elsewhere. */
const runErrors = new Set(["OutputError", "PlannerError", "QueueError"]);

/**
 * Tells on stderr what went wrong, one line a mistake, and gives the exit code. Only a defect of this program shows a
 * stack trace, and only when WINDTUNNEL_DEBUG is set.
 */
export function reportFailure(error: unknown): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof RangeError && /allocation failed|Invalid typed array length/i.test(message)) {
    process.stderr.write("windtunnel: there is not enough memory for so large a run\n");
    return exitCodes.failed;
  }
  const known = inputErrors.has(name) || runErrors.has(name);
  const lines = (known ? message : `internal error: ${message}`).split("\n");
  // What a file holds may be quoted, and must not steer the terminal.
  for (const line of lines) process.stderr.write(`windtunnel: ${line.replaceAll(/\p{Cc}/gu, "\uFFFD")}\n`);
  if (!known) {
    if (process.env["WINDTUNNEL_DEBUG"]) process.stderr.write(`${stack}\n`);
    else
      process.stderr.write("windtunnel: this is a defect of windtunnel; WINDTUNNEL_DEBUG=1 shows where it happened\n");
  }
  return inputErrors.has(name) ? exitCodes.badInput : exitCodes.failed;
}
