import { element } from "../../report/page/dom.ts";
import type { AxisValue } from "../axis.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";
import type { HeatCell, HeatCells } from "./heat-cells.ts";
import { runTitle, shownFigure, valueText } from "./sweep-runs.ts";
import { svg } from "./svg.ts";

const width = 560;
const height = 400;
const frame = { left: 72, right: 10, top: 6, bottom: 40 };
const mostLabels = 7;

/**
 * A map of many cells as one picture, a path for every shade, with a line below that tells what is pointed at. A click
 * opens the run's page where there is one.
 */
export function denseHeatMap(data: SweepPageData, name: SweepFigure, title: string, map: HeatCells): Element[] {
  const { rows, columns, cells, low, high } = map;
  const [down, across] = data.axes;
  const cellWidth = (width - frame.left - frame.right) / columns.length;
  const cellHeight = (height - frame.top - frame.bottom) / rows.length;
  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${title} by ${down!.key} and ${across!.key}`,
    class: "dense-heat",
  });
  const shades = new Map<number, string>();
  for (const [row, line] of cells.entries()) {
    const top = (frame.top + row * cellHeight).toFixed(2);
    for (const [column, cell] of line.entries()) {
      if (cell === null) continue;
      const left = (frame.left + column * cellWidth).toFixed(2);
      const square = `M${left} ${top}h${cellWidth.toFixed(2)}v${cellHeight.toFixed(2)}h-${cellWidth.toFixed(2)}z`;
      shades.set(cell.heat, (shades.get(cell.heat) ?? "") + square);
    }
  }
  for (const [heat, path] of shades) {
    const shade = svg("path", { d: path });
    shade.style.setProperty("--heat", String(heat));
    picture.append(shade);
  }
  for (const row of labelled(rows.length)) {
    const y = frame.top + (row + 0.5) * cellHeight + 4;
    picture.append(svg("text", { class: "tick", x: frame.left - 6, y, "text-anchor": "end" }, [short(rows[row])]));
  }
  const below = height - frame.bottom + 15;
  for (const column of labelled(columns.length)) {
    const x = frame.left + (column + 0.5) * cellWidth;
    picture.append(svg("text", { class: "tick", x, y: below, "text-anchor": "middle" }, [short(columns[column])]));
  }
  const names = `${down!.key} ↓  ${across!.key} →`;
  picture.append(svg("text", { class: "tick", x: width / 2, y: height - 6, "text-anchor": "middle" }, [names]));

  const range = `from ${shownFigure(name, low)} (pale) to ${shownFigure(name, high)} (strong)`;
  const note = element("p", { class: "note", text: range, attributes: { "aria-live": "polite" } });
  const cellAt = (event: MouseEvent): HeatCell | null => {
    const box = picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width - frame.left;
    const y = ((event.clientY - box.top) / box.height) * height - frame.top;
    return cells[Math.floor(y / cellHeight)]?.[Math.floor(x / cellWidth)] ?? null;
  };
  picture.addEventListener("mousemove", (event) => {
    const cell = cellAt(event);
    note.textContent = cell === null ? range : `${runTitle(data, cell.place)}: ${shownFigure(name, cell.mean)}`;
    picture.style.cursor = cell !== null && data.links[cell.place] !== undefined ? "pointer" : "";
  });
  picture.addEventListener("mouseleave", () => (note.textContent = range));
  picture.addEventListener("click", (event) => {
    const link = data.links[cellAt(event)?.place ?? -1];
    if (link !== undefined) location.href = link;
  });
  return [picture, note];
}

/** Evenly spread places, few enough to be read. */
function labelled(count: number): number[] {
  const step = Math.max(1, Math.ceil(count / mostLabels));
  return Array.from({ length: Math.ceil(count / step) }, (_, k) => k * step);
}

function short(value: AxisValue | undefined): string {
  const text = valueText(value);
  return text.length > 11 ? `${text.slice(0, 10)}…` : text;
}
