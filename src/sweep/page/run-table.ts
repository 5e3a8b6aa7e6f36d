import { csvCell } from "../../report/csv-cell.ts";
import { button, download, element } from "../../report/page/dom.ts";
import { count } from "../../report/page/format.ts";
import { pressed, sortHeaders } from "../../report/page/sort-headers.ts";
import { sortOrder } from "../../report/page/sort-order.ts";
import type { SweepPageData } from "../page-data.ts";
import { sweepFigureNames, type SweepFigure } from "../sweep-row.ts";
import { failureText, unfoldForPrint } from "./failure.ts";
import { errorOf, shownFigure, valueText } from "./sweep-runs.ts";
import { keptTableState, type TableState } from "./table-state.ts";

interface Column {
  readonly label: string;
  /** Its name in results.csv. */
  readonly name: string;
  readonly isText?: boolean;
  readonly value: (place: number) => number | string | null;
  readonly shown: (place: number) => string;
}

const rowsShown = 200;
const figuresShown: ReadonlyArray<readonly [SweepFigure, string]> = [
  ["sla_attainment", "SLA met"],
  ["gpu_hours", "GPU-hours"],
  ["mean_ttft_ms", "TTFT mean, ms"],
  ["p90_ttft_ms", "TTFT p90, ms"],
  ["p99_ttft_ms", "TTFT p99, ms"],
  ["mean_itl_ms", "ITL mean, ms"],
  ["p90_itl_ms", "ITL p90, ms"],
  ["p99_itl_ms", "ITL p99, ms"],
  ["output_throughput_tok_s", "output tokens/s"],
  ["completed_requests", "completed"],
  ["scale_ups", "scale-ups"],
  ["scale_downs", "scale-downs"],
];

/** All runs, sortable by every column, a leaf of two hundred at a time; and all their figures as CSV. */
export function runTable(data: SweepPageData, front: ReadonlySet<number>): HTMLElement {
  const columns = tableColumns(data);
  const places = data.index.map((_, place) => place);
  const leaves = Math.max(1, Math.ceil(places.length / rowsShown));
  const kept = keptTableState(
    columns.map(({ name }) => name),
    leaves,
  );
  const body = element("tbody");
  const where = element("span", { class: "note", attributes: { "aria-live": "polite" } });
  const change = (state: TableState) => {
    kept.write(state);
    fill();
  };
  const turn = (by: number) => change({ ...kept.read(), leaf: kept.read().leaf + by });
  const back = button("←", "Previous runs", () => turn(-1));
  const forth = button("→", "Next runs", () => turn(1));
  const headers = sortHeaders(
    columns.map(({ label, name, isText }, column) => ({
      text: label,
      title: `Sort by ${name}`,
      ...(label === name ? {} : { name: `${label} (${name})` }),
      numeric: column > 0 && isText !== true,
    })),
    (column) => change({ sorting: pressed(column, kept.read().sorting), leaf: 0 }),
  );
  let ordered: { readonly by: string; readonly places: readonly number[] } = { by: "", places };
  const fill = () => {
    const { sorting, leaf } = kept.read();
    const by = JSON.stringify(sorting);
    if (by !== ordered.by) {
      const order = sorting === null ? null : sortOrder(columns[sorting.column]!.value, sorting.descending);
      ordered = { by, places: order === null ? places : places.toSorted(order) };
    }
    headers.show(sorting);
    const shown = ordered.places.slice(leaf * rowsShown, (leaf + 1) * rowsShown);
    body.replaceChildren(...shown.map((place) => tableRow(data, columns, place, front.has(place))));
    back.disabled = leaf === 0;
    forth.disabled = leaf === leaves - 1;
    where.textContent = whereWords(leaf * rowsShown, shown.length, places.length, front.size > 0);
  };
  kept.onChange(fill);
  fill();
  const save = button("Save as CSV", "Save all figures of all runs as CSV", () =>
    download("sweep.csv", new Blob([csv(data)], { type: "text/csv" })),
  );
  const table = element("table", {
    class: "sortable",
    attributes: { "aria-label": "Runs" },
    children: [element("thead", { children: [element("tr", { children: headers.cells })] }), body],
  });
  unfoldForPrint(table);
  return element("section", {
    children: [
      element("h2", { text: "Runs" }),
      element("div", { class: "table-tools", children: [save, ...(leaves > 1 ? [back, forth] : []), where] }),
      element("div", { class: "run-table", children: [table] }),
    ],
  });
}

function tableColumns(data: SweepPageData): Column[] {
  return [
    { label: "run", name: "index", value: (place) => data.index[place]!, shown: (place) => String(data.index[place]) },
    ...data.axes.map(({ key, values }) => ({
      label: key,
      name: key,
      isText: values.some((value) => typeof value !== "number"),
      value: (place: number) => (typeof values[place] === "number" ? values[place] : String(values[place])),
      shown: (place: number) => valueText(values[place]),
    })),
    ...figuresShown.map(([name, label]) => ({
      label,
      name,
      value: (place: number) => data.figures[name][place] ?? null,
      shown: (place: number) => shownFigure(name, data.figures[name][place] ?? null),
    })),
  ];
}

/** Which runs are shown, and what their looks mean. */
function whereWords(before: number, shown: number, all: number, hasFront: boolean): string {
  const which = all > rowsShown ? `${count(before + 1)}–${count(before + shown)} of ` : "";
  const mark = hasFront ? "; green edge: on the Pareto front, no other run is as good for less" : "";
  return `${which}${all === 1 ? "1 run" : `${count(all)} runs`}${mark}`;
}

function tableRow(data: SweepPageData, columns: readonly Column[], place: number, onFront: boolean): HTMLElement {
  const [first, ...others] = columns;
  const link = data.links[place];
  const name = first!.shown(place);
  const error = errorOf(data, place);
  return element("tr", {
    class: onFront ? "front-row" : "",
    children: [
      element("th", {
        attributes: { scope: "row" },
        children: [
          link === undefined
            ? name
            : element("a", { text: name, title: "Open this run's page", attributes: { href: link } }),
        ],
      }),
      ...(error === null ? others : others.slice(0, -figuresShown.length)).map(({ shown, isText }) =>
        element("td", { class: isText === true ? "" : "numeric", text: shown(place) }),
      ),
      error === null
        ? null
        : element("td", {
            class: "failure",
            children: [failureText(error)],
            attributes: { colspan: String(figuresShown.length) },
          }),
    ],
  });
}

function csv(data: SweepPageData): string {
  const names = ["index", "repeat", ...data.axes.map(({ key }) => key), ...sweepFigureNames, "error"];
  const rows = data.index.map((index, place) => [
    index,
    data.repeat[place],
    ...data.axes.map(({ values }) => values[place]),
    ...sweepFigureNames.map((name) => data.figures[name][place]),
    errorOf(data, place),
  ]);
  return [names, ...rows].map((row) => `${row.map(csvCell).join(",")}\n`).join("");
}
