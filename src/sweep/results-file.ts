import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
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
  private readonly file: number;

  /** @throws OutputError when the file cannot be opened */
  constructor(path: string) {
    this.path = path;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    const whole = text.slice(0, text.lastIndexOf("\n") + 1);
    this.rows = parseRows(whole);
    try {
      this.file = openSync(path, "a");
      if (whole.length < text.length) ftruncateSync(this.file, Buffer.byteLength(whole));
    } catch (error) {
      throw new OutputError(path, error);
    }
  }

  /** @throws OutputError when the disk is full or the file is gone */
  append(row: SweepRow): void {
    try {
      const bytes = Buffer.from(`${JSON.stringify(row)}\n`);
      for (let done = 0; done < bytes.length;) done += writeSync(this.file, bytes, done);
      fsyncSync(this.file);
    } catch (error) {
      throw new OutputError(this.path, error);
    }
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Rows of a results file; a later row of the same run replaces an earlier one. */
export function parseRows(text: string): SweepRow[] {
  const rows = new Map<string, SweepRow>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const row = JSON.parse(line) as SweepRow;
    rows.set(row.run, row);
  }
  return [...rows.values()].toSorted((a, b) => a.index - b.index);
}
