import uPlot from "uplot";
import { exportCsv, exportPng } from "./chart-export.ts";
import type { ChartSpec, Curve } from "./chart-spec.ts";
import { valueAt, verticalRange, verticalTicks } from "./curve-values.ts";
import { button, element } from "./dom.ts";
import { clock, figure, tick } from "./format.ts";
import { drawLanes, laneText } from "./lanes.ts";
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

const FONT = '11px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const live: uPlot[] = [];
onThemeChange(() => {
  for (const plot of live) plot.redraw(true, true);
});

/** Draws all time charts again, for a marked moment. */
export function redrawAll(): void {
  for (const plot of live) plot.redraw(false, false);
}

/** A chart with its title, legend and exports; drawn once it is in the page. */
export function chartRow(spec: ChartSpec, context: ChartContext): HTMLElement {
  const legend = element("div", { class: "legend" });
  const lanes = spec.lanes !== undefined;
  const host = element("div", { class: "plot" });
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
  actions.append(
    button("PNG", `Save “${spec.title}” as a picture`, () => plot && exportPng(spec, plot, context.fileStem)),
    button("CSV", `Save the data of “${spec.title}”`, () => exportCsv(spec, context.fileStem)),
  );
  new ResizeObserver(() => {
    const width = Math.floor(host.clientWidth);
    if (width < 40) return;
    if (plot === null) plot = draw(spec, context, host, width, show);
    else if (plot.width !== width) plot.setSize({ width, height: plot.height });
  }).observe(host);
  return row;
}

type Show = (plot: uPlot | null, x: number | null, curves: readonly Curve[], left?: number, top?: number) => void;

/** Fills the legend; returns what writes the values under the cursor into it. */
function legendOf(spec: ChartSpec, legend: HTMLElement): Show {
  const format = spec.format ?? figure;
  const cells: { readonly place: number; readonly value: HTMLElement }[] = [];
  for (const [place, curve] of spec.curves.entries()) {
    if (curve.unlisted === true) continue;
    const value = element("span", { class: "value" });
    const swatch = element("i", { class: `swatch ${curve.dash ? "dashed" : (curve.kind ?? "line")}` });
    swatch.style.setProperty("--c", `var(--${curve.color})`);
    swatch.style.opacity = String(Math.max(0.45, curve.opacity ?? 1));
    legend.append(
      element("span", { class: "entry", children: [swatch, element("span", { text: curve.label }), value] }),
    );
    cells.push({ place, value });
  }
  for (const { label, color: role, opacity } of spec.laneKey ?? []) {
    const swatch = element("i", { class: "swatch block" });
    swatch.style.setProperty("--c", `var(--${role})`);
    swatch.style.opacity = String(opacity);
    legend.append(element("span", { class: "entry", children: [swatch, element("span", { text: label })] }));
  }
  const described = element("p", { class: "described", attributes: { "aria-live": "off" } });
  if (spec.lanes !== undefined || spec.describe !== undefined) legend.append(described);
  return (plot, x, curves, left = 0, top = 0) => {
    for (const { place, value } of cells) {
      const at = x === null ? null : valueAt(curves[place]!, x);
      value.textContent = at === null ? "" : format(at);
    }
    if (plot === null || x === null) described.textContent = "";
    else if (spec.describe !== undefined) described.textContent = spec.describe(plot, x, left, top) ?? "";
    else if (spec.lanes !== undefined) described.textContent = laneText(spec.lanes, plot, x, top) ?? "";
  };
}

function draw(spec: ChartSpec, context: ChartContext, host: HTMLElement, width: number, show: Show): uPlot {
  const { range } = context;
  const time = spec.value === undefined;
  const own = { from: 0, to: 1 };
  if (spec.value !== undefined) Object.assign(own, valueExtent(spec));
  const all = { ...own };
  const shown = () => (time ? range.current : own);
  const log = spec.log === true;
  const height = (spec.height ?? 150) + (time ? 26 : 40);
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
      width,
      height,
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
            const step = time ? timeStep(shown().from, shown().to, u.width - 70) : 1;
            return splits.map((at) => (time ? clock(at, step) : (spec.value?.axisFormat ?? tick)(at)));
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
        series: [place(spec, upper), place(spec, lower)] as [number, number],
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
            show(u, x, now.curves, left, u.cursor.top ?? -1);
            if (time && u.cursor.event !== undefined && u.cursor.event !== null) context.onCursor(x);
          },
        ],
      },
    },
    data,
    host,
  );
  live.push(plot);
  if (time) {
    range.onChange(({ from, to }) => {
      const next = inSight();
      if (next.curves !== now.curves) {
        now = next;
        plot.setData(joined(now), false);
      }
      plot.setScale("x", { min: from, max: to });
    });
  }
  if (spec.onClick !== undefined) clickable(plot, spec.onClick);
  return plot;
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

function seriesOf(curve: Curve, values: uPlot.AlignedData[number]): uPlot.Series {
  const { color: role, fill, opacity = 1, kind = "line", width = 1.5 } = curve;
  // A lone value between gaps would be invisible as a line.
  const lone = kind === "line" ? lonePlaces(values) : [];
  return {
    stroke: () => color(role, opacity),
    width: kind === "points" ? 0 : width,
    ...(curve.dash === undefined ? {} : { dash: [...curve.dash] }),
    ...(fill === undefined ? {} : { fill: () => color(role, fill) }),
    ...(kind === "step" ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {}),
    ...(kind === "points" ? { paths: () => null } : {}),
    points:
      kind === "points"
        ? { show: true, size: 5, width: 0, fill: () => color(role, opacity) }
        : { show: true, size: 3, width: 0, fill: () => color(role, opacity), filter: () => lone },
  };
}

/** Places of values without a neighbour: undefined is no measurement, null a gap. */
function lonePlaces(values: uPlot.AlignedData[number]): number[] {
  const known = Array.from(values, (value, place) => ({ value, place })).filter(({ value }) => value !== undefined);
  return known.flatMap(({ value, place }, k) =>
    value !== null && (known[k - 1]?.value ?? null) === null && (known[k + 1]?.value ?? null) === null ? [place] : [],
  );
}

function place(spec: ChartSpec, label: string): number {
  return spec.curves.findIndex((curve) => curve.label === label) + 1;
}

/** Curves brought to common moments; where a curve says nothing its line goes on. */
function joined(spec: ChartSpec): uPlot.AlignedData {
  if (spec.curves.length === 0) return [[0, 1]] as uPlot.AlignedData;
  const tables = new Map<readonly number[], Curve[]>();
  for (const curve of spec.curves) tables.set(curve.x, [...(tables.get(curve.x) ?? []), curve]);
  const log = spec.log === true;
  // uPlot draws logarithms of positive values only.
  const drawn = (y: readonly (number | null)[]) =>
    log ? y.map((value) => (value !== null && value <= 0 ? 1e-9 : value)) : [...y];
  const data = uPlot.join(
    [...tables].map(([x, curves]) => [[...x], ...curves.map(({ y }) => drawn(y))]) as uPlot.AlignedData[],
    [...tables.values()].map((curves) => [0, ...curves.map(() => 2)]) as uPlot.JoinNullMode[][],
  );
  const order = [...tables.values()].flat();
  return [data[0], ...spec.curves.map((curve) => data[order.indexOf(curve) + 1]!)] as uPlot.AlignedData;
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
