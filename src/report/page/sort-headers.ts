import { breakable, element } from "./dom.ts";
import type { Sorting } from "./kept-sorting.ts";

/** A header that sorts. */
export interface SortHeader {
  readonly text: string;
  /** Shown when pointed at. */
  readonly title: string;
  /** What a screen reader calls it, where the text alone would not do. */
  readonly name?: string;
  /** Stands over figures. */
  readonly numeric: boolean;
}

/** Header cells whose buttons sort; `show` marks the one the rows are ordered by. */
export function sortHeaders(
  headers: readonly SortHeader[],
  onSort: (column: number) => void,
): { readonly cells: readonly HTMLElement[]; readonly show: (sorting: Sorting | null) => void } {
  const cells = headers.map(({ text, title, name, numeric }, column) => {
    const control = element("button", {
      title,
      children: breakable(text),
      attributes: { type: "button", ...(name === undefined ? {} : { "aria-label": name }) },
      onClick: () => onSort(column),
    });
    return element("th", { class: numeric ? "numeric" : "", attributes: { scope: "col" }, children: [control] });
  });
  return {
    cells,
    show: (sorting) => {
      for (const [column, cell] of cells.entries()) {
        const direction = sorting?.descending === true ? "descending" : "ascending";
        cell.setAttribute("aria-sort", column === sorting?.column ? direction : "none");
      }
    },
  };
}

/** What a press on a header makes of the order: once ascending, again descending. */
export function pressed(column: number, before: Sorting | null): Sorting {
  return { column, descending: before?.column === column && !before.descending };
}
