import uPlot from "uplot";
import { exportCsv, exportPng } from "./chart-export.ts";
import type { ChartSpec } from "./chart-spec.ts";
import { verticalRange, verticalTicks } from "./curve-values.ts";
import { legendOf } from "./chart-legend.ts";
import type { ShowValues } from "./chart-legend.ts";
import { button, element } from "./dom.ts";
import { clock, tick } from "./format.ts";
import { drawSoon, drawSoonUnlessWaiting, isInSight, watch } from "./draw-queue.ts";
import { drawLanes } from "./lanes.ts";
import { curvePlace, joined, seriesOf } from "./chart-series.ts";
import { drawThreads } from "./threads.ts";
import { color, onThemeChange } from "./theme.ts";
import { timeStep, timeTicks } from "./time-axis.ts";
import type { TimeRange } from "./time-range.ts";

/** What all charts of a page share. */
export interface ChartContext {
  readonly range: TimeRange;
  /** Moment marked in every time chart; null = none. */
  readonly marked: { seconds: number | null };
  /** Called when a time chart's cursor moves; null = it left. */
  readonly onCursor: (seconds: number | null) => void;
  /** First part of the names of exported files. */
  readonly fileStem: string;
}

/** Width of the vertical axis and space at the right: the same in all time charts, so that moments stand in line. */
export const plotInsets = { left: 54, right: 14 };

/** How far from the right edge of the plot the last moment with a label is at least, pixels. */
const ROOM_AT_RIGHT = 12;

const FONT = '11px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const live: [HTMLElement, uPlot][] = [];
onThemeChange(() => {
  for (const [row, plot] of live) drawSoon(row, () => plot.redraw(true, true));
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
    if (host.clientWidth < 40 || plot?.width === Math.floor(host.clientWidth)) return;
    drawSoon(row, () => {
      const width = Math.floor(host.clientWidth);
      if (plot === null) plot = draw(spec, context, row, host, show);
      else plot.setSize({ width, height: plot.height });
    });
  }).observe(host);
  return row;
}

/** Height of the canvas: the plot and its horizontal axis. */
function plotHeight(spec: ChartSpec): number {
  return (spec.height ?? 150) + (spec.value === undefined ? 26 : 40);
}

function draw(spec: ChartSpec, context: ChartContext, row: HTMLElement, host: HTMLElement, show: ShowValues): uPlot {
  const { range } = context;
  const time = spec.value === undefined;
  const own = { from: 0, to: 1 };
  if (spec.value !== undefined) Object.assign(own, valueExtent(spec));
  const all = { ...own };
  const shown = () => (time ? range.current : own);
  const log = spec.log === true;
  const inSight = (): ChartSpec => {
    const { from, to } = range.current;
    const wide = spec.overview !== undefined && to - from > range.whole.to * 0.35;
    return wide ? { ...spec, curves: spec.overview! } : spec;
  };
  let now = inSight();
  const data = joined(now);
  const zoomTo = (from: number, to: number) => {
    if (time) range.set(from, to);
    else {
      Object.assign(own, { from, to });
      plot.setScale("x", { min: from, max: to });
    }
  };
  const plot: uPlot = new uPlot(
    {
      width: Math.floor(host.clientWidth),
      height: plotHeight(spec),
      padding: [8, plotInsets.right, 0, 0],
      legend: { show: false },
      cursor: {
        y: spec.value !== undefined,
        points: { show: false },
        drag: { x: true, y: false, setScale: false },
        bind: {
          dblclick: () => () => {
            if (time) range.reset();
            else zoomTo(all.from, all.to);
            return null;
          },
        },
        ...(time
          ? {
              sync: {
                key: "time",
                setSeries: false,
                scales: ["x", null] as [string, null],
                filters: { pub: (type: string) => type === "mousemove" || type === "mouseleave" },
              },
            }
          : {}),
      },
      scales: {
        x: {
          time: false,
          distr: spec.value?.log === true ? 3 : 1,
          range: () => [shown().from, shown().to],
        },
        y: { distr: log ? 3 : 1, range: () => verticalRange(now, shown().from, shown().to) },
      },
      axes: [
        {
          stroke: () => color("muted"),
          font: FONT,
          size: time ? 26 : 40,
          gap: 7,
          ...(spec.value === undefined ? {} : { label: spec.value.label, labelSize: 16, labelGap: 0, labelFont: FONT }),
          grid: { stroke: () => color("grid"), width: 1 },
          ticks: { show: false },
          splits: (u) =>
            time
              ? timeTicks(shown().from, shown().to, timeStep(shown().from, shown().to, u.width - 70))
              : verticalTicks(shown().from, shown().to, spec.value?.log === true, Math.floor(u.width / 70)),
          values: (u, splits) => {
            if (!time) return splits.map((at) => (spec.value?.axisFormat ?? tick)(at));
            const { from, to } = shown();
            const step = timeStep(from, to, u.width - 70);
            // A label cut off by the edge is none.
            const last = to - (ROOM_AT_RIGHT / Math.max(1, u.width - plotInsets.left - plotInsets.right)) * (to - from);
            return splits.map((at) => (at > last ? "" : clock(at, step)));
          },
          filter: (_, splits) => splits,
        },
        {
          stroke: () => color("muted"),
          font: FONT,
          size: plotInsets.left,
          gap: 6,
          grid: { show: spec.lanes === undefined, stroke: () => color("grid"), width: 1 },
          ticks: { show: false },
          splits: (_, __, min, max) =>
            spec.lanes === undefined
              ? verticalTicks(min, max, log, Math.max(2, Math.floor((spec.height ?? 150) / 38)), spec.whole)
              : spec.lanes.map((_, place) => spec.lanes!.length - place - 0.5),
          values: (_, splits) => {
            if (spec.lanes === undefined) return splits.map((at) => (spec.axisFormat ?? tick)(at));
            const every = Math.ceil(12 / ((spec.height ?? 150) / spec.lanes.length));
            return spec.lanes.map(({ label }, place) => (place % every === 0 ? label : ""));
          },
          filter: (_, splits) => splits,
        },
      ],
      series: [{}, ...spec.curves.map((curve, k) => seriesOf(curve, data[k + 1]!))],
      bands: (spec.bands ?? []).map(({ upper, lower, color: role, opacity }) => ({
        series: [curvePlace(spec, upper), curvePlace(spec, lower)] as [number, number],
        fill: () => color(role, opacity),
      })),
      hooks: {
        drawClear: [
          (u) => {
            u.ctx.fillStyle = color("surface");
            u.ctx.fillRect(0, 0, u.ctx.canvas.width, u.ctx.canvas.height);
          },
        ],
        draw: [
          (u) => {
            if (spec.lanes !== undefined) drawLanes(spec.lanes, u);
            // Beside an overview every value of every thread would be a smear.
            if (spec.threads !== undefined && !isCoarse(spec, now)) drawThreads(spec.threads, u);
            spec.draw?.(u);
            if (time) drawMarked(u, context.marked.seconds);
          },
        ],
        setSelect: [
          (u) => {
            const { left, width: wide } = u.select;
            if (wide > 4) zoomTo(u.posToVal(left, "x"), u.posToVal(left + wide, "x"));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        setCursor: [
          (u) => {
            const left = u.cursor.left ?? -1;
            const x = left < 0 ? null : u.posToVal(left, "x");
            if (x === null || isInSight(row)) show(u, x, now.curves, left, u.cursor.top ?? -1);
            if (time && u.cursor.event !== undefined && u.cursor.event !== null) context.onCursor(x);
          },
        ],
      },
    },
    data,
    host,
  );
  live.push([row, plot]);
  if (time) {
    range.onChange(() =>
      drawSoon(row, () => {
        const next = inSight();
        if (next.curves !== now.curves) {
          now = next;
          plot.setData(joined(now), false);
        }
        const width = Math.floor(host.clientWidth);
        if (plot.width !== width) plot.setSize({ width, height: plot.height });
        const { from, to } = range.current;
        plot.setScale("x", { min: from, max: to });
      }),
    );
  }
  if (spec.onClick !== undefined) clickable(plot, spec.onClick);
  return plot;
}

/** Whether what is shown leaves out values of the chart. */
function isCoarse(spec: ChartSpec, shown: ChartSpec): boolean {
  return shown.curves.some((curve, place) => curve.x.length !== spec.curves[place]!.x.length);
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

function valueExtent(spec: ChartSpec): { from: number; to: number } {
  const values = spec.curves.flatMap(({ x }) => [...x]).filter((x) => spec.value?.log !== true || x > 0);
  const from = values.reduce((least, x) => Math.min(least, x), Infinity);
  const to = values.reduce((most, x) => Math.max(most, x), -Infinity);
  if (!(to > from)) return { from: from / 2 || 0, to: (from || 1) * 2 };
  return spec.value?.log === true ? { from: from / 1.1, to: to * 1.1 } : { from: Math.min(0, from), to: to * 1.03 };
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
