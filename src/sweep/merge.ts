import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/config-error.ts";
import { writeFileAtomically } from "../report/atomic-file.ts";
import { csvCell } from "../report/csv-cell.ts";
import type { SweepPageOptions } from "./page-data.ts";
import { keepOtherRows } from "./other-rows.ts";
import { combineRows, parseRows } from "./results-file.ts";
import { sweepFigureNames, type SweepRow } from "./sweep-row.ts";

/**
 * Rows of several result folders as one, in the order of the plan; a run found twice counts once.
 * @throws ConfigError when a folder holds no results
 */
export function mergedRows(folders: readonly string[]): SweepRow[] {
  const missing = folders.filter((folder) => !existsSync(join(folder, "results.jsonl")));
  if (missing.length > 0) {
    throw new ConfigError(
      missing.map((folder) => ({ where: "", message: `${folder} holds no results.jsonl of a sweep` })),
    );
  }
  return combineRows(
    folders.map((folder) => {
      const path = join(folder, "results.jsonl");
      return parseRows(readFileSync(path, "utf8"), path);
    }),
  );
}

/**
 * Writes a finished sweep: its rows in the order of the plan, as JSON lines, as a table and as a page. Rows of other
 * sweeps in that folder move to a file of their own.
 */
export async function writeSweep(out: string, rows: readonly SweepRow[], options: SweepPageOptions): Promise<void> {
  keepOtherRows(out, rows);
  await writeFileAtomically(
    join(out, "results.jsonl"),
    rows.map((row) => `${JSON.stringify(row)}\n`),
  );
  await writeFileAtomically(join(out, "results.csv"), csvLines(rows));
  const { renderSweepPage } = await import("./render-page.ts");
  await writeFileAtomically(join(out, "index.html"), [renderSweepPage(rows, out, options)]);
}

/** A line a run: axis values, figures, error. */
export function* csvLines(rows: readonly SweepRow[]): Iterable<string> {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row.values)))];
  yield `${["index", "repeat", ...keys, ...sweepFigureNames, "error"].map(csvCell).join(",")}\n`;
  for (const row of rows) {
    const values = keys.map((key) => row.values[key] ?? "");
    const figures = sweepFigureNames.map((name) => row.figures?.[name] ?? "");
    yield `${[row.index, row.repeat, ...values, ...figures, row.error ?? ""].map(csvCell).join(",")}\n`;
  }
}
