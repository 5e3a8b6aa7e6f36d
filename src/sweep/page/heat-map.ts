import { element } from "../../report/page/dom.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";
import { runTitle, shownFigure } from "./sweep-runs.ts";

/** A figure over two varied quantities: a cell a combination, the mean of its runs in it. */
export function heatMap(data: SweepPageData, name: SweepFigure, title: string): HTMLElement {
  const [down, across] = data.axes as [SweepPageData["axes"][number], SweepPageData["axes"][number]];
  const rows = ordered(down.values);
  const columns = ordered(across.values);
  const cells = new Map<string, { sum: number; count: number; place: number }>();
  for (const [place, value] of data.figures[name].entries()) {
    if (value === null) continue;
    const key = JSON.stringify([down.values[place], across.values[place]]);
    const cell = cells.get(key) ?? { sum: 0, count: 0, place };
    cells.set(key, { ...cell, sum: cell.sum + value, count: cell.count + 1 });
  }
  const means = [...cells.values()].map(({ sum, count }) => sum / count);
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const cellOf = (row: unknown, column: unknown) => {
    const cell = cells.get(JSON.stringify([row, column]));
    if (cell === undefined) return element("td", { text: "–" });
    const mean = cell.sum / cell.count;
    const text = shownFigure(name, mean);
    const link = data.links[cell.place];
    const node = element("td", {
      title: runTitle(data, cell.place),
      children: [link === undefined ? text : element("a", { text, attributes: { href: link } })],
    });
    node.style.setProperty("--heat", String(Math.round(high > low ? ((mean - low) / (high - low)) * 55 : 0)));
    return node;
  };
  const head = (text: unknown) => element("th", { text: String(text), attributes: { scope: "col" } });
  const table = element("table", {
    class: "heat-map",
    attributes: { "aria-label": title },
    children: [
      element("thead", {
        children: [element("tr", { children: [head(`${down.key} ↓  ${across.key} →`), ...columns.map(head)] })],
      }),
      element("tbody", {
        children: rows.map((row) =>
          element("tr", {
            children: [
              element("th", { text: String(row), attributes: { scope: "row" } }),
              ...columns.map((column) => cellOf(row, column)),
            ],
          }),
        ),
      }),
    ],
  });
  return element("figure", {
    class: "sweep-chart",
    attributes: { "data-chart": `heat-${name}` },
    children: [element("figcaption", { children: [element("h3", { text: title })] }), table],
  });
}

/** Distinct values, numbers by size. */
export function ordered<Value>(values: readonly Value[]): Value[] {
  const distinct = [...new Set(values)];
  return distinct.every((value) => typeof value === "number")
    ? distinct.toSorted((a, b) => (a as number) - (b as number))
    : distinct;
}
