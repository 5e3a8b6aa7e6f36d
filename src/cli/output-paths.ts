import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { ProblemList } from "../config/config-error.ts";
import { statOrNull } from "../config/document.ts";
import { checkWritable, OutputError } from "../report/atomic-file.ts";

/** A file that a command writes or reads, and the option that names it. */
export interface NamedFile {
  /** The flag, or what the file is: "the trace". */
  readonly role: string;
  readonly path: string;
}

/**
 * Refuses outputs that would replace what the command reads or another of its outputs. Devices and pipes may be given
 * several times.
 * @throws ConfigError with every such output
 */
export function checkOutputs(outputs: readonly NamedFile[], inputs: readonly NamedFile[]): void {
  const problems = new ProblemList();
  const taken = new Map<string, string>();
  for (const { role, path } of inputs) if (isReplaceable(path)) taken.set(placeOf(path), role);
  for (const { role, path } of outputs) {
    if (path === "") problems.add(role, "found an empty path");
    if (path === "-") problems.add(role, 'found "-", expected a path; /dev/stdout leads to standard output');
    if (path === "" || path === "-" || !isReplaceable(path)) continue;
    const other = taken.get(placeOf(path));
    if (other === undefined) taken.set(placeOf(path), role);
    else problems.add(role, `${path} is ${other.startsWith("-") ? `where ${other} leads` : other}; give another path`);
  }
  problems.throwIfAny();
}

/** Tries whether the outputs could be written, before anything is worked out. @throws ConfigError with all that could not */
export function checkAllWritable(outputs: readonly NamedFile[]): void {
  const problems = new ProblemList();
  for (const { path } of outputs) {
    try {
      checkWritable(path);
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      problems.add("", error.message);
    }
  }
  problems.throwIfAny();
}

function isReplaceable(path: string): boolean {
  const stat = statOrNull(path);
  return stat === null || stat.isFile();
}

/** Where a file lies, or will lie, whatever links lead there. */
function placeOf(path: string): string {
  for (const [known, rest] of [
    [path, ""],
    [dirname(path), basename(path)],
  ] as const) {
    try {
      // As the system finds it: `link/..` is the folder above the one the link leads to.
      return join(realpathSync.native(known), rest);
    } catch {
      // Not there yet.
    }
  }
  return resolve(path);
}
