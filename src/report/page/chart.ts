import type uPlot from "uplot";
import type { ChartContext } from "./chart-context.ts";
import { exportCsv, exportPng } from "./chart-export.ts";
import { legendOf } from "./chart-legend.ts";
import { drawPlot } from "./chart-plot.ts";
import { plotHeight } from "./chart-axes.ts";
import type { ChartSpec } from "./chart-spec.ts";
import { button, element } from "./dom.ts";
import { drawSoon, drawSoonUnlessWaiting, isInSight, watch } from "./draw-queue.ts";
import { onThemeChange } from "./theme.ts";

/** Narrower hosts are not laid out. */
const leastWidth = 40;
const live: [HTMLElement, uPlot][] = [];
onThemeChange(() => {
  for (const [row, plot] of live) drawSoon(row, () => plot.redraw(true, true));
});

/** What a sheet of A4 leaves for the plot of a chart with its title beside it, and above it, px: see the style sheet. */
const paperWidths = { beside: 512, above: 700 };
addEventListener("beforeprint", () => {
  for (const [row, plot] of live) {
    const width = row.closest(".pair") === null ? paperWidths.beside : paperWidths.above;
    plot.setSize({ width, height: plot.height });
  }
});
addEventListener("afterprint", () => {
  for (const [row, plot] of live) {
    const width = Math.floor(row.querySelector(".plot")!.clientWidth);
    if (width >= leastWidth) plot.setSize({ width, height: plot.height });
  }
});

/** Draws all time charts again, for a marked moment. */
export function redrawAll(): void {
  for (const [row, plot] of live) {
    // Work that is waiting draws anyway.
    if (isInSight(row)) plot.redraw(false, false);
    else drawSoonUnlessWaiting(row, () => plot.redraw(false, false));
  }
}

/** A chart with its title, legend and exports; drawn once it is in the page. */
export function chartRow(spec: ChartSpec, context: ChartContext): HTMLElement {
  const { row, host, legend, actions } = chartFrame(spec);
  if (spec.empty !== null) {
    host.classList.add("empty");
    host.append(element("p", { text: spec.empty }));
    return row;
  }
  const show = legendOf(spec, legend);
  show(null, null, spec.curves);
  let plot: uPlot | null = null;
  watch(row);
  host.style.minHeight = `${plotHeight(spec)}px`;
  actions.append(
    button("PNG", `Save “${spec.title}” as a picture`, () => plot && exportPng(spec, plot, context.fileStem)),
    button("CSV", `Save the data of “${spec.title}”`, () => exportCsv(spec, context.fileStem)),
  );
  new ResizeObserver(() => {
    if (host.clientWidth < leastWidth || plot?.width === Math.floor(host.clientWidth)) return;
    drawSoon(row, () => {
      const width = Math.floor(host.clientWidth);
      if (plot === null) live.push([row, (plot = drawPlot(spec, context, row, host, show))]);
      else plot.setSize({ width, height: plot.height });
    });
  }).observe(host);
  return row;
}

/** The parts of a chart's row in the page. */
function chartFrame(spec: ChartSpec): Readonly<Record<"row" | "host" | "legend" | "actions", HTMLElement>> {
  const legend = element("div", { class: "legend" });
  const lanes = spec.lanes !== undefined;
  const host = element("div", {
    class: "plot",
    attributes: spec.empty === null ? { role: "img", "aria-label": `${spec.title}. ${spec.note}` } : {},
  });
  const actions = element("div", { class: "actions" });
  const row = element("figure", {
    class: "chart",
    id: `chart-${spec.id}`,
    attributes: { "data-chart": spec.id, "data-empty": String(spec.empty !== null) },
    children: [
      element("figcaption", {
        children: [
          element("h3", {
            text: spec.title,
            children: [spec.unit === "" ? null : element("span", { class: "unit", text: spec.unit })],
          }),
          element("p", { class: "note", text: spec.note }),
          lanes ? null : legend,
          actions,
        ],
      }),
      lanes ? element("div", { class: "plot-column", children: [host, legend] }) : host,
    ],
  });
  return { row, host, legend, actions };
}
