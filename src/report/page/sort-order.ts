/**
 * Order of rows by one of their values; rows without one go last either way. Words are ordered with the numbers in them
 * as numbers.
 */
export function sortOrder<Row>(
  value: (row: Row) => number | string | null,
  descending: boolean,
): (a: Row, b: Row) => number {
  return (a, b) => {
    const [left, right] = [value(a), value(b)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    const order =
      typeof left === "number" && typeof right === "number"
        ? left - right
        : String(left).localeCompare(String(right), "en", { numeric: true });
    return descending ? -order : order;
  };
}
