import type uPlot from "uplot";
import { csvCell } from "../csv-cell.ts";
import type { ChartSpec } from "./chart-spec.ts";
import { download, fileName } from "./dom.ts";
import { color } from "./theme.ts";

/** Saves a chart as it stands, with title and legend, as a PNG picture. */
export function exportPng(spec: ChartSpec, plot: uPlot, stem: string): void {
  const source = plot.ctx.canvas;
  const scale = devicePixelRatio;
  const head = 52 * scale;
  const canvas = document.createElement("canvas");
  canvas.width = source.width + 24 * scale;
  canvas.height = source.height + head + 12 * scale;
  const ctx = canvas.getContext("2d")!;
  const family = getComputedStyle(document.body).fontFamily;
  ctx.fillStyle = color("surface");
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = color("ink");
  ctx.font = `600 ${15 * scale}px ${family}`;
  ctx.fillText(spec.unit === "" ? spec.title : `${spec.title} (${spec.unit})`, 12 * scale, 22 * scale);
  ctx.font = `${11 * scale}px ${family}`;
  let left = 12 * scale;
  const entries = [...spec.curves.filter(({ unlisted }) => unlisted !== true), ...(spec.laneKey ?? [])];
  for (const { label, color: role } of entries) {
    ctx.fillStyle = color(role);
    ctx.fillRect(left, 33 * scale, 10 * scale, 8 * scale);
    left += 15 * scale;
    ctx.fillStyle = color("muted");
    ctx.fillText(label, left, 41 * scale);
    left += ctx.measureText(label).width + 16 * scale;
  }
  ctx.drawImage(source, 12 * scale, head);
  canvas.toBlob((blob) => {
    if (blob !== null) download(`${fileName(stem)}-${spec.id}.png`, blob);
  });
}

/** Saves what a chart draws: a row a moment, or a row a span. */
export function exportCsv(spec: ChartSpec, stem: string): void {
  download(`${fileName(stem)}-${spec.id}.csv`, new Blob([csvOf(spec)], { type: "text/csv" }));
}

/** The data of a chart as comma-separated values. */
function csvOf(spec: ChartSpec): string {
  const rows: (string | number | null)[][] = [];
  if (spec.lanes !== undefined) {
    rows.push(["lane", "from_s", "to_s", "what"]);
    for (const { label, spans } of spec.lanes) {
      for (const { from, to, text } of spans) rows.push([label, from, to, text]);
    }
  } else {
    // How the axis is drawn is nothing of the figures.
    const plain = spec.unit.replace(/,? ?log$/, "");
    const unit = plain === "" ? "" : ` (${plain})`;
    const curves = [...spec.curves, ...(spec.threads ?? [])];
    rows.push([spec.value?.label ?? "time_s", ...curves.map(({ label }) => `${label}${unit}`)]);
    const moments = new Map<number, (number | null)[]>();
    for (const [column, { x, y }] of curves.entries()) {
      for (const [place, at] of x.entries()) {
        const row = moments.get(at) ?? curves.map(() => null);
        row[column] = y[place] ?? null;
        moments.set(at, row);
      }
    }
    for (const at of [...moments.keys()].toSorted((a, b) => a - b)) rows.push([at, ...moments.get(at)!]);
  }
  return rows.map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
}
