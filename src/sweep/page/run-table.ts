import { csvCell } from "../../report/csv-cell.ts";
import { button, download, element } from "../../report/page/dom.ts";
import { count } from "../../report/page/format.ts";
import { sortOrder } from "../../report/page/sort-order.ts";
import type { SweepPageData } from "../page-data.ts";
import { sweepFigureNames, type SweepFigure } from "../sweep-row.ts";
import { shownFigure } from "./sweep-runs.ts";

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
  ["p90_ttft_ms", "p90"],
  ["p99_ttft_ms", "p99"],
  ["mean_itl_ms", "ITL mean, ms"],
  ["p90_itl_ms", "p90"],
  ["p99_itl_ms", "p99"],
  ["output_throughput_tok_s", "output tokens/s"],
  ["completed_requests", "completed"],
  ["scale_ups", "scale-ups"],
  ["scale_downs", "scale-downs"],
];

/** All runs, sortable by every column, a leaf of two hundred at a time; and all their figures as CSV. */
export function runTable(data: SweepPageData, front: ReadonlySet<number>): HTMLElement {
  const columns: Column[] = [
    { label: "run", name: "index", value: (place) => data.index[place]!, shown: (place) => String(data.index[place]) },
    ...data.axes.map(({ key, values }) => ({
      label: key,
      name: key,
      isText: values.some((value) => typeof value !== "number"),
      value: (place: number) => (typeof values[place] === "number" ? values[place] : String(values[place])),
      shown: (place: number) => String(values[place]),
    })),
    ...figuresShown.map(([name, label]) => ({
      label,
      name,
      value: (place: number) => data.figures[name][place] ?? null,
      shown: (place: number) => shownFigure(name, data.figures[name][place] ?? null),
    })),
  ];
  let order = data.index.map((_, place) => place);
  let sorted: { column: number; descending: boolean } | null = null;
  let leaf = 0;
  const body = element("tbody");
  const where = element("span", { class: "note" });
  const fill = () => {
    const shown = order.slice(leaf * rowsShown, (leaf + 1) * rowsShown);
    body.replaceChildren(...shown.map((place) => tableRow(data, columns, place, front.has(place))));
    const last = leaf * rowsShown + shown.length;
    const which = order.length > rowsShown ? `${count(leaf * rowsShown + 1)}–${count(last)} of ` : "";
    const mark = front.size > 0 ? "; green edge: on the Pareto front, no other run is as good for less" : "";
    where.textContent = `${which}${order.length === 1 ? "1 run" : `${count(order.length)} runs`}${mark}`;
  };
  const headers = columns.map(({ label, name, isText }, column) => {
    const control = element("button", {
      text: label,
      title: `Sort by ${name}`,
      attributes: { type: "button", ...(label === name ? {} : { "aria-label": `${label} (${name})` }) },
      onClick: () => sort(column),
    });
    return element("th", {
      class: column === 0 || isText === true ? "" : "numeric",
      attributes: { scope: "col", "aria-sort": "none" },
      children: [control],
    });
  });
  const sort = (column: number) => {
    sorted = { column, descending: sorted?.column === column && !sorted.descending };
    for (const [k, header] of headers.entries()) {
      header.setAttribute("aria-sort", k !== column ? "none" : sorted.descending ? "descending" : "ascending");
    }
    order = order.toSorted(sortOrder(columns[column]!.value, sorted.descending));
    leaf = 0;
    fill();
  };
  const turn = (by: number) => {
    leaf = Math.max(0, Math.min(Math.ceil(order.length / rowsShown) - 1, leaf + by));
    fill();
  };
  fill();
  const tools = [
    button("Save as CSV", "Save all figures of all runs as CSV", () =>
      download("sweep.csv", new Blob([csv(data)], { type: "text/csv" })),
    ),
    ...(order.length > rowsShown
      ? [button("←", "Previous runs", () => turn(-1)), button("→", "Next runs", () => turn(1))]
      : []),
    where,
  ];
  where.setAttribute("aria-live", "polite");
  const table = element("table", {
    class: "sortable",
    attributes: { "aria-label": "Runs" },
    children: [element("thead", { children: [element("tr", { children: headers })] }), body],
  });
  return element("section", {
    children: [
      element("h2", { text: "Runs" }),
      element("div", { class: "table-tools", children: tools }),
      element("div", { class: "run-table", children: [table] }),
    ],
  });
}

function tableRow(data: SweepPageData, columns: readonly Column[], place: number, onFront: boolean): HTMLElement {
  const [first, ...others] = columns;
  const link = data.links[place];
  const name = first!.shown(place);
  const error = data.errors[place];
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
      ...(error === undefined ? others : others.slice(0, -figuresShown.length)).map(({ shown, isText }) =>
        element("td", { class: isText === true ? "" : "numeric", text: shown(place) }),
      ),
      error === undefined
        ? null
        : element("td", {
            class: "failure",
            text: `failed: ${error}`,
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
    data.errors[place],
  ]);
  return [names, ...rows].map((row) => `${row.map(csvCell).join(",")}\n`).join("");
}
