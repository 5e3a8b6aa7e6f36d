import { choose, chosen, onAddressChange } from "../../report/page/address-state.ts";
import { keptSorting, type Sorting } from "../../report/page/kept-sorting.ts";

/** How the table of runs stands: what orders it, and which leaf of it is shown. */
export interface TableState {
  /** null = the order of the plan. */
  readonly sorting: Sorting | null;
  /** The first is 0. */
  readonly leaf: number;
}

/** Keeps the state of the table in the address, as `#sort=gpu_hours&descending&page=3`. */
export interface KeptTableState {
  /** What the address says; what it cannot mean is ignored. */
  readonly read: () => TableState;
  readonly write: (state: TableState) => void;
  readonly onChange: (listener: () => void) => void;
}

/**
 * @param columns names of the columns
 * @param leaves how many leaves the table has
 */
export function keptTableState(columns: readonly string[], leaves: number): KeptTableState {
  const kept = keptSorting(columns);
  return {
    read: () => {
      const page = /^[1-9]\d{0,8}$/.test(chosen("page") ?? "") ? Number(chosen("page")) : 1;
      return { sorting: kept.read(), leaf: page <= leaves ? page - 1 : 0 };
    },
    write: ({ sorting, leaf }) => {
      if (sorting !== null) kept.write(sorting);
      choose({ page: leaf === 0 ? null : String(leaf + 1) });
    },
    onChange: onAddressChange,
  };
}
