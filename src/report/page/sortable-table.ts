import { element } from "./dom.ts";
import type { KeptSorting } from "./kept-sorting.ts";
import { pressed, sortHeaders } from "./sort-headers.ts";
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

/**
 * A table whose headers sort it.
 * @param kept where its order is kept
 */
export function sortableTable<Row>(
  label: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  kept: KeptSorting,
): HTMLTableElement {
  const body = element("tbody");
  const headers = sortHeaders(
    columns.map(({ label: text, title = `Sort by ${text}`, numeric = false }) => ({ text, title, numeric })),
    (column) => {
      kept.write(pressed(column, kept.read()));
      fill();
    },
  );
  const fill = () => {
    const sorting = kept.read();
    headers.show(sorting);
    const order = sorting === null ? null : sortOrder(columns[sorting.column]!.value, sorting.descending);
    body.replaceChildren(...(order === null ? rows : rows.toSorted(order)).map((row) => tableRow(columns, row)));
  };
  kept.onChange(fill);
  fill();
  return element("table", {
    class: "sortable",
    attributes: { "aria-label": label },
    children: [element("thead", { children: [element("tr", { children: headers.cells })] }), body],
  });
}

function tableRow<Row>(columns: readonly Column<Row>[], row: Row): HTMLElement {
  return element("tr", {
    children: columns.map(({ cell, value, numeric, heads }) =>
      element(heads === true ? "th" : "td", {
        class: numeric === true ? "numeric" : "",
        ...(heads === true ? { attributes: { scope: "row" } } : {}),
        children: [cell?.(row) ?? String(value(row) ?? "–")],
      }),
    ),
  });
}
