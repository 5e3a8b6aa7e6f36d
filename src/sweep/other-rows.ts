import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OutputError } from "../report/atomic-file.ts";
import { parseRows, ResultsFile } from "./results-file.ts";
import type { SweepRow } from "./sweep-row.ts";

const pathOf = (folder: string) => join(folder, "other-results.jsonl");

/**
 * Rows of sweeps that were run in this folder before another one was: still known when they are run again.
 * @throws ConfigError, OutputError
 */
export function otherRows(folder: string): SweepRow[] {
  return rowsIn(pathOf(folder));
}

/**
 * Puts the finished rows of a folder that are not of the sweep about to be written aside.
 * @throws ConfigError, OutputError
 */
export function keepOtherRows(folder: string, rows: readonly SweepRow[]): void {
  const kept = new Set([...rows, ...otherRows(folder)].map(({ run }) => run));
  const found = rowsIn(join(folder, "results.jsonl")).filter(({ run, error }) => error === null && !kept.has(run));
  if (found.length === 0) return;
  // Only ever appended to: two sweeps may end at the same moment.
  const file = new ResultsFile(pathOf(folder));
  try {
    file.append(...found);
  } finally {
    file.close();
  }
}

function rowsIn(path: string): SweepRow[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new OutputError(path, error);
  }
  return parseRows(text, path);
}
