import { element } from "../../report/page/dom.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";
import { denseHeatMap } from "./dense-heat-map.ts";
import { heatCells, type HeatCell, type HeatCells } from "./heat-cells.ts";
import { runTitle, shownFigure } from "./sweep-runs.ts";

/** Larger maps are pictures: nobody reads so many numbers, and each would be an element of the page. */
const mostTableCells = 900;
const mostTableColumns = 40;

/** A figure over two varied quantities: a cell a combination, the mean of its runs in it. */
export function heatMap(data: SweepPageData, name: SweepFigure, title: string): HTMLElement {
  const map = heatCells(data, name);
  const { rows, columns } = map;
  const isDense = columns.length > mostTableColumns || rows.length * columns.length > mostTableCells;
  return element("figure", {
    class: "sweep-chart",
    attributes: { "data-chart": `heat-${name}` },
    children: [
      element("figcaption", { children: [element("h3", { text: title })] }),
      ...(isDense ? denseHeatMap(data, name, title, map) : [heatTable(data, name, title, map)]),
    ],
  });
}

function heatTable(data: SweepPageData, name: SweepFigure, title: string, map: HeatCells): HTMLElement {
  const [down, across] = data.axes;
  const cellOf = (cell: HeatCell | null) => {
    if (cell === null) return element("td", { text: "–" });
    const text = shownFigure(name, cell.mean);
    const link = data.links[cell.place];
    const node = element("td", {
      title: runTitle(data, cell.place),
      children: [link === undefined ? text : element("a", { text, attributes: { href: link } })],
    });
    node.style.setProperty("--heat", String(cell.heat));
    return node;
  };
  const head = (text: unknown) => element("th", { text: String(text), attributes: { scope: "col" } });
  return element("table", {
    class: "heat-map",
    attributes: { "aria-label": title },
    children: [
      element("thead", {
        children: [element("tr", { children: [head(`${down!.key} ↓  ${across!.key} →`), ...map.columns.map(head)] })],
      }),
      element("tbody", {
        children: map.rows.map((row, at) =>
          element("tr", {
            children: [
              element("th", { text: String(row), attributes: { scope: "row" } }),
              ...map.cells[at]!.map(cellOf),
            ],
          }),
        ),
      }),
    ],
  });
}
