/** A column of a trace. */
export type Column = Float64Array | Int32Array | Uint32Array | Uint8Array;

/** Types of columns by name, as a packed trace names them. */
export const columnTypes = { Float64Array, Int32Array, Uint32Array, Uint8Array } as const;

/**
 * The same value with every column in it, however deep, put through `change`. A trace may gain columns; whoever walks
 * it this way forgets none of them.
 */
export function mapColumns<T>(value: T, change: (column: Column) => unknown): T {
  if (isColumn(value)) return change(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => mapColumns(item, change)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, mapColumns(part as unknown, change)]),
  ) as T;
}

/** The bytes of a column, without a copy. */
export function bytesOf(column: Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

function isColumn(value: unknown): value is Column {
  return Object.values(columnTypes).some((Type) => value instanceof Type);
}
