import { choose, chosen, onAddressChange } from "./address-state.ts";

/** Which column of a table its rows are ordered by. */
export interface Sorting {
  /** Place of the column. */
  readonly column: number;
  readonly descending: boolean;
}

/** Where a table keeps its order. */
export interface KeptSorting {
  /** null = the order the rows came in. */
  readonly read: () => Sorting | null;
  readonly write: (sorting: Sorting) => void;
  /** Calls back when another order is wanted from outside. */
  readonly onChange: (listener: () => void) => void;
}

/**
 * Keeps the order of a table in the address.
 * @param names of its columns; an address that names another one is ignored
 * @param prefix tells the tables of a page apart
 */
export function keptSorting(names: readonly string[], prefix = ""): KeptSorting {
  const [sort, descending] = [`${prefix}sort`, `${prefix}descending`];
  return {
    read: () => {
      const column = names.indexOf(chosen(sort) ?? "");
      return column < 0 ? null : { column, descending: chosen(descending) !== null };
    },
    write: (sorting) => choose({ [sort]: names[sorting.column]!, [descending]: sorting.descending ? "" : null }),
    onChange: onAddressChange,
  };
}
