import { readFile } from "node:fs/promises";
import { TableError } from "./table-error.ts";

/** Columns of a parquet file by name; numbers as doubles, text as strings. */
export interface ParquetColumns {
  readonly length: number;
  /** Whole numbers or measured values. @throws TableError when the column is missing */
  numbers(column: string): Float64Array;
  /** Names; empty strings when the column is missing. */
  texts(column: string): readonly string[];
  has(column: string): boolean;
}

/** Reads columns of a parquet file; those the file does not have are left out. @throws TableError */
export async function readParquetColumns(path: string, wanted: readonly string[]): Promise<ParquetColumns> {
  // Loaded only when tables are used: the reader and its decompressors are large.
  const [{ parquetMetadataAsync, parquetRead, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const found = new Map<string, unknown[]>();
  let length = 0;
  try {
    const bytes = await readFile(path);
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    const metadata = await parquetMetadataAsync(file);
    const present = new Set(parquetSchema(metadata).children.map(({ element }) => element.name));
    length = Number(metadata.num_rows);
    await parquetRead({
      file,
      metadata,
      compressors,
      columns: wanted.filter((column) => present.has(column)),
      onChunk: ({ columnName, columnData, rowStart }) => {
        const column = found.get(columnName) ?? Array.from<unknown>({ length });
        found.set(columnName, column);
        for (let i = 0; i < columnData.length; i++) column[rowStart + i] = (columnData as unknown[])[i];
      },
    });
  } catch (error) {
    throw new TableError(`${path}: ${(error as Error).message}`);
  }
  return {
    length,
    has: (column) => found.has(column),
    numbers: (column) => {
      const values = found.get(column);
      if (values === undefined) throw new TableError(`${path}: no column ${column}`);
      return Float64Array.from(values, Number);
    },
    texts: (column) => (found.get(column) as string[] | undefined) ?? Array.from({ length }, () => ""),
  };
}
