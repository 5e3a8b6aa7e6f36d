/** A table folder or file that cannot be used; the message says which and why. */
export class TableError extends Error {
  override readonly name = "TableError";
}
