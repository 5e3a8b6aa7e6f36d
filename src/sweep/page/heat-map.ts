import { breakable, element } from "../../report/page/dom.ts";
import { shareTick } from "../../report/page/format.ts";
import type { AxisValue } from "../axis.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";
import { denseHeatMap } from "./dense-heat-map.ts";
import { heatCells, type HeatCell, type HeatCells } from "./heat-cells.ts";
import { runTitle, shownFigure, valueText } from "./sweep-runs.ts";

/** Larger maps are pictures: nobody reads so many numbers, and each would be an element of the page. */
const mostTableCells = 900;
const mostTableColumns = 40;

/** A figure over two varied quantities: a cell a combination, the mean of its runs in it. */
export function heatMap(data: SweepPageData, name: SweepFigure, title: string): HTMLElement {
  const map = heatCells(data, name);
  const { rows, columns } = map;
  const holds = holdingCells(data);
  const isDense = columns.length > mostTableColumns || rows.length * columns.length > mostTableCells;
  return element("figure", {
    class: "sweep-chart",
    attributes: { "data-chart": `heat-${name}` },
    children: [
      element("figcaption", { children: [element("h3", { text: title }), isDense ? null : key(data, holds)] }),
      ...(isDense ? denseHeatMap(data, name, title, map) : [heatTable(data, name, title, map, holds)]),
    ],
  });
}

/** Which cells keep the SLA: by row, then by column. */
type Holding = ReadonlyArray<readonly boolean[]>;

function holdingCells(data: SweepPageData): Holding {
  const { cells } = heatCells(data, "sla_attainment");
  return cells.map((row) => row.map((cell) => cell !== null && cell.mean >= data.threshold));
}

/** What shades and frames stand for. */
function key(data: SweepPageData, holds: Holding): HTMLElement {
  const framed = holds.flat().includes(true) ? `; framed: at least ${shareTick(data.threshold)} within the SLA` : "";
  return element("p", { class: "note", text: `the stronger the colour, the more${framed}` });
}

function heatTable(data: SweepPageData, name: SweepFigure, title: string, map: HeatCells, holds: Holding): HTMLElement {
  const [down, across] = data.axes;
  const cellOf = (cell: HeatCell | null, isHolding: boolean) => {
    if (cell === null) return element("td", { text: "–" });
    const text = shownFigure(name, cell.mean);
    const link = data.links[cell.place];
    const node = element("td", {
      class: isHolding ? "holds" : "",
      title: `${runTitle(data, cell.place)}: ${text}`,
      children: [link === undefined ? text : element("a", { text, attributes: { href: link } })],
    });
    node.style.setProperty("--heat", String(cell.heat));
    return node;
  };
  const head = (value: AxisValue) => element("th", { text: valueText(value), attributes: { scope: "col" } });
  const corner = element("th", {
    children: breakable(`${down!.key} ↓`),
    attributes: { scope: "col", rowspan: "2" },
  });
  const over = element("th", {
    text: `${across!.key} →`,
    attributes: { scope: "colgroup", colspan: String(map.columns.length) },
  });
  return element("table", {
    class: "heat-map",
    attributes: { "aria-label": title },
    children: [
      element("thead", {
        children: [element("tr", { children: [corner, over] }), element("tr", { children: map.columns.map(head) })],
      }),
      element("tbody", {
        children: map.rows.map((row, at) =>
          element("tr", {
            children: [
              element("th", { text: valueText(row), attributes: { scope: "row" } }),
              ...map.cells[at]!.map((cell, column) => cellOf(cell, holds[at]![column]!)),
            ],
          }),
        ),
      }),
    ],
  });
}
