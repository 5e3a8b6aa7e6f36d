import { element } from "./dom.ts";
import { sortOrder } from "./sort-order.ts";

/** A column of a sortable table. */
export interface Column<Row> {
  readonly label: string;
  readonly title?: string;
  /** What is sorted by; null goes last. */
  readonly value: (row: Row) => number | string | null;
  /** What is shown; by default the value. */
  readonly cell?: (row: Row) => Node | string;
  /** Align to the right, as figures are. */
  readonly numeric?: boolean;
  /** Names the row. */
  readonly heads?: boolean;
}

/** A table whose headers sort it: once ascending, again descending. */
export function sortableTable<Row>(
  label: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): HTMLTableElement {
  const body = element("tbody");
  let sorted: { column: number; descending: boolean } | null = null;
  const headers = columns.map((column, place) => {
    const control = element("button", {
      text: column.label,
      attributes: { type: "button" },
      title: column.title ?? `Sort by ${column.label}`,
      onClick: () => sort(place),
    });
    return element("th", {
      class: column.numeric === true ? "numeric" : "",
      attributes: { scope: "col", "aria-sort": "none" },
      children: [control],
    });
  });
  const fill = (ordered: readonly Row[]) =>
    body.replaceChildren(
      ...ordered.map((row) =>
        element("tr", {
          children: columns.map(({ cell, value, numeric, heads }) =>
            element(heads === true ? "th" : "td", {
              class: numeric === true ? "numeric" : "",
              ...(heads === true ? { attributes: { scope: "row" } } : {}),
              children: [cell?.(row) ?? String(value(row) ?? "–")],
            }),
          ),
        }),
      ),
    );
  const sort = (place: number) => {
    const descending = sorted?.column === place ? !sorted.descending : false;
    sorted = { column: place, descending };
    for (const [k, header] of headers.entries()) {
      header.setAttribute("aria-sort", k !== place ? "none" : descending ? "descending" : "ascending");
    }
    fill(rows.toSorted(sortOrder(columns[place]!.value, descending)));
  };
  fill(rows);
  return element("table", {
    class: "sortable",
    attributes: { "aria-label": label },
    children: [element("thead", { children: [element("tr", { children: headers })] }), body],
  });
}
