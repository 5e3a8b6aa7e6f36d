import uPlot from "uplot";
import { chartAxes, chartScales, plotHeight, plotInsets } from "./chart-axes.ts";
import type { ChartContext } from "./chart-context.ts";
import type { ShowValues } from "./chart-legend.ts";
import { curvePlace, joined, seriesOf } from "./chart-series.ts";
import type { ChartSpec } from "./chart-spec.ts";
import { ChartView } from "./chart-view.ts";
import { drawSoon, isInSight } from "./draw-queue.ts";
import { drawLanes } from "./lanes.ts";
import { color } from "./theme.ts";
import { drawThreads } from "./threads.ts";

/** Draws a chart into its host, and again whenever the shared stretch of time changes. */
export function drawPlot(
  spec: ChartSpec,
  context: ChartContext,
  row: HTMLElement,
  host: HTMLElement,
  show: ShowValues,
): uPlot {
  const view = new ChartView(spec, context.range);
  const data = joined(view.drawn);
  const options: uPlot.Options = {
    width: Math.floor(host.clientWidth),
    height: plotHeight(spec),
    padding: [8, plotInsets.right, 0, 0],
    legend: { show: false },
    cursor: chartCursor(view),
    scales: chartScales(spec, view),
    axes: chartAxes(spec, view),
    series: [{}, ...spec.curves.map((curve, k) => seriesOf(curve, data[k + 1]!))],
    bands: (spec.bands ?? []).map(({ upper, lower, color: role, opacity }) => ({
      series: [curvePlace(spec, upper), curvePlace(spec, lower)] as [number, number],
      fill: () => color(role, opacity),
    })),
    hooks: {
      drawClear: [drawBackground],
      draw: [(plot) => drawOver(plot, spec, view, context)],
      setSelect: [(plot) => zoomToSelection(plot, view)],
      setCursor: [(plot) => followCursor(plot, view, context, row, show)],
    },
  };
  const plot = new uPlot(options, data, host);
  if (view.isTime) context.range.onChange(() => drawSoon(row, () => drawStretch(plot, view, host)));
  if (spec.onClick !== undefined) clickable(plot, spec.onClick);
  return plot;
}

function chartCursor(view: ChartView): uPlot.Cursor {
  return {
    y: !view.isTime,
    points: { show: false },
    drag: { x: true, y: false, setScale: false },
    bind: {
      dblclick: (plot) => () => {
        view.reset(plot);
        return null;
      },
    },
    ...(view.isTime
      ? {
          sync: {
            key: "time",
            setSeries: false,
            scales: ["x", null] as [string, null],
            filters: { pub: (type: string) => type === "mousemove" || type === "mouseleave" },
          },
        }
      : {}),
  };
}

/** Draws the shared stretch of time. */
function drawStretch(plot: uPlot, view: ChartView, host: HTMLElement): void {
  if (view.choose()) plot.setData(joined(view.drawn), false);
  const width = Math.floor(host.clientWidth);
  if (plot.width !== width) plot.setSize({ width, height: plot.height });
  plot.setScale("x", { min: view.stretch.from, max: view.stretch.to });
}

function drawBackground({ ctx }: uPlot): void {
  ctx.fillStyle = color("surface");
  ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
}

function drawOver(plot: uPlot, spec: ChartSpec, view: ChartView, { marked }: ChartContext): void {
  if (spec.lanes !== undefined) drawLanes(spec.lanes, plot);
  // Beside an overview every value of every thread would be a smear.
  if (spec.threads !== undefined && !view.isCoarse) drawThreads(spec.threads, plot);
  spec.draw?.(plot);
  if (view.isTime) drawMarked(plot, marked.seconds);
}

function zoomToSelection(plot: uPlot, view: ChartView): void {
  const { left, width } = plot.select;
  if (width > 4) view.zoomTo(plot, plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function followCursor(
  plot: uPlot,
  view: ChartView,
  { onCursor }: ChartContext,
  row: HTMLElement,
  show: ShowValues,
): void {
  const { left = -1, top = -1, event } = plot.cursor;
  const x = left < 0 ? null : plot.posToVal(left, "x");
  if (x === null || isInSight(row)) show(plot, x, view.curves, left, top);
  if (view.isTime && event !== undefined && event !== null) onCursor(x);
}

/** A click without dragging. */
function clickable(plot: uPlot, onClick: (x: number) => void): void {
  let downX = 0;
  plot.over.classList.add("clickable");
  plot.over.addEventListener("mousedown", (event) => (downX = event.clientX));
  plot.over.addEventListener("click", (event) => {
    if (Math.abs(event.clientX - downX) <= 4) onClick(plot.posToVal(event.offsetX, "x"));
  });
}

function drawMarked(plot: uPlot, seconds: number | null): void {
  if (seconds === null) return;
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(seconds, "x", true));
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = color("ink");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 2 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
