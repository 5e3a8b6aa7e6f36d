import { gunzipSync } from "node:zlib";
import { readFile } from "node:fs/promises";
import { fileErrorText } from "../../config/document.ts";

/** A file of measured or reference times that cannot be read; the message names file and line. */
export class TruthTableError extends Error {
  override readonly name = "TruthTableError";
}

/** More than any request has tokens, or a pass requests. */
const LARGEST_COUNT = 2 ** 31 - 1;

/** Rows of a CSV file by column name. */
export interface TruthTable {
  readonly path: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Reads a CSV file with a header line, gzipped or not. @throws TruthTableError */
export async function readTruthTable(path: string): Promise<TruthTable> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  } catch (error) {
    throw new TruthTableError(`${path}: ${fileErrorText(error)}`);
  }
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  while (lines.length > 0 && lines.at(-1) === "") lines.pop();
  const columns = (lines[0] ?? "").split(",");
  if (columns.length < 2) throw new TruthTableError(`${path}:1: expected a header line of comma-separated columns`);
  const rows = lines.slice(1).map((line, index) => {
    const cells = splitRow(line);
    if (cells.length !== columns.length) {
      throw new TruthTableError(`${path}:${index + 2}: found ${cells.length} cells, expected ${columns.length}`);
    }
    return cells;
  });
  return { path, columns, rows };
}

/** Reads the cells of a table by row (from 0) and column. */
export interface CellReader {
  /** Empty when the column is absent. */
  text(row: number, column: string): string;
  /** null when the cell is empty. @throws TruthTableError when it is no number */
  optional(row: number, column: string): number | null;
  /** @throws TruthTableError when the cell is empty or no number */
  number(row: number, column: string): number;
  /** A number above 0. @throws TruthTableError when the cell has none */
  positive(row: number, column: string): number;
  /** A whole number of at least `least`. @throws TruthTableError when the cell has none */
  whole(row: number, column: string, least: number): number;
}

/** A reader of the table's cells. */
export function cellReader(table: TruthTable): CellReader {
  const positions = new Map(table.columns.map((column, position) => [column, position]));
  const text = (row: number, column: string) => {
    const position = positions.get(column);
    return position === undefined ? "" : table.rows[row]![position]!;
  };
  const optional = (row: number, column: string) => {
    const cell = text(row, column);
    if (cell === "") return null;
    const value = Number(cell);
    if (Number.isFinite(value)) return value;
    throw new TruthTableError(`${table.path}:${row + 2}: ${column}: found "${cell}", expected a number`);
  };
  const number = (row: number, column: string) => {
    const value = optional(row, column);
    if (value !== null) return value;
    throw new TruthTableError(
      positions.has(column) ? `${table.path}:${row + 2}: ${column} is missing` : `${table.path}:1: no column ${column}`,
    );
  };
  const wrong = (row: number, column: string, expected: string) =>
    new TruthTableError(`${table.path}:${row + 2}: ${column}: found "${text(row, column)}", expected a ${expected}`);
  const positive = (row: number, column: string) => {
    const value = number(row, column);
    if (value > 0) return value;
    throw wrong(row, column, "number above 0");
  };
  const whole = (row: number, column: string, least: number) => {
    const value = number(row, column);
    if (Number.isInteger(value) && value >= least && value <= LARGEST_COUNT) return value;
    throw wrong(row, column, `whole number from ${least} to ${LARGEST_COUNT}`);
  };
  return { text, optional, number, positive, whole };
}

/** Splits a line at commas outside double quotes. */
function splitRow(line: string): string[] {
  if (!line.includes('"')) return line.split(",");
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (const char of line) {
    if (char === '"') quoted = !quoted;
    else if (char === "," && !quoted) {
      cells.push(cell);
      cell = "";
    } else cell += char;
  }
  return [...cells, cell];
}
