import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { ConfigError } from "../config/config-error.ts";
import { statOrNull } from "../config/document.ts";
import { OutputError } from "../report/atomic-file.ts";
import type { SweepRow } from "./sweep-row.ts";

/**
 * The rows of a sweep, one JSON line each, appended as runs finish and never rewritten: what is on the disk survives a
 * kill, and a line cut short by one is dropped when the file is opened again.
 */
export class ResultsFile {
  /** Rows found when the file was opened. */
  readonly rows: readonly SweepRow[];
  private readonly path: string;
  private file: number;

  /** @throws OutputError when the file cannot be opened, ConfigError when it holds something else */
  constructor(path: string) {
    this.path = path;
    let text: string;
    try {
      this.file = openSync(path, "a+");
      text = readFileSync(path, "utf8");
    } catch (error) {
      throw new OutputError(path, error);
    }
    const whole = wholeLines(text);
    this.rows = parseRows(whole, path);
    if (whole.length < text.length) ftruncateSync(this.file, Buffer.byteLength(whole));
  }

  /** @throws OutputError when the disk is full or the file is gone */
  append(...rows: readonly SweepRow[]): void {
    try {
      this.followReplacement();
      const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      for (let done = 0; done < bytes.length;) done += writeSync(this.file, bytes, done);
      fsyncSync(this.file);
    } catch (error) {
      throw new OutputError(this.path, error);
    }
  }

  close(): void {
    closeSync(this.file);
  }

  /** Another sweep that ends in the same folder puts a new file in this one's place. */
  private followReplacement(): void {
    if (statOrNull(this.path)?.ino === fstatSync(this.file).ino) return;
    const fresh = openSync(this.path, "a");
    closeSync(this.file);
    this.file = fresh;
  }
}

/** Text without a last line that was cut short. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf("\n") + 1);
}

/**
 * Rows of a results file in the order of the plan; a later row of the same run replaces an earlier one. A last line
 * without its end is left out.
 * @param path names the file in errors
 * @throws ConfigError for a line that is no row
 */
export function parseRows(text: string, path: string): SweepRow[] {
  const rows = new Map<string, SweepRow>();
  for (const [place, line] of wholeLines(text).split("\n").entries()) {
    if (line === "") continue;
    const row = rowFrom(line);
    if (row === null) {
      const message = "not a row of a sweep; move the file away or give another folder";
      throw new ConfigError([{ where: `${path}:${place + 1}`, message }]);
    }
    rows.set(rowKey(row), row);
  }
  return inPlanOrder(rows.values());
}

/** Rows of several files as one; a row found twice counts once, and a finished one goes before a failed one. */
export function combineRows(files: readonly (readonly SweepRow[])[]): SweepRow[] {
  const rows = new Map<string, SweepRow>();
  for (const row of files.flat()) {
    const before = rows.get(rowKey(row));
    if (before === undefined || before.error !== null) rows.set(rowKey(row), row);
  }
  return inPlanOrder(rows.values());
}

/** A plan may name the same run twice, so its place counts too. */
function rowKey({ run, index }: SweepRow): string {
  return `${index} ${run}`;
}

function inPlanOrder(rows: Iterable<SweepRow>): SweepRow[] {
  return [...rows].toSorted((a, b) => a.index - b.index);
}

function rowFrom(line: string): SweepRow | null {
  try {
    const row = JSON.parse(line) as Partial<SweepRow> | null;
    const complete = typeof row?.run === "string" && typeof row.index === "number" && typeof row.values === "object";
    return complete ? (row as SweepRow) : null;
  } catch {
    return null;
  }
}
