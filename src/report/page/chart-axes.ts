import type uPlot from "uplot";
import type { ChartSpec } from "./chart-spec.ts";
import type { ChartView } from "./chart-view.ts";
import { verticalRange, verticalTicks } from "./curve-values.ts";
import { clock, tick } from "./format.ts";
import { color } from "./theme.ts";
import { timeStep, timeTicks } from "./time-axis.ts";

/** Width of the vertical axis and space at the right: the same in all time charts, so that moments stand in line. */
export const plotInsets = { left: 54, right: 14 };

/** How far from the right edge of the plot the last moment with a label is at least, pixels. */
const ROOM_AT_RIGHT = 12;

/** Narrow charts, pixels, and what a moment takes there: two labels would be too few to read a time by. */
const NARROW = 480;
const LABEL_WHERE_NARROW = 60;

const FONT = '11px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';

const look = {
  stroke: () => color("muted"),
  font: FONT,
  ticks: { show: false },
  filter: (_: uPlot, splits: number[]) => splits,
};
const grid = { stroke: () => color("grid"), width: 1 };

/** Height of the canvas: the plot and its horizontal axis. */
export function plotHeight(spec: ChartSpec): number {
  return (spec.height ?? 150) + horizontalSize(spec);
}

function horizontalSize(spec: ChartSpec): number {
  return spec.value === undefined ? 26 : 40;
}

/** The scales of a chart; what is in sight decides them. */
export function chartScales(spec: ChartSpec, view: ChartView): uPlot.Scales {
  return {
    x: {
      time: false,
      distr: spec.value?.log === true ? 3 : 1,
      range: () => [view.stretch.from, view.stretch.to],
    },
    y: {
      distr: spec.log === true ? 3 : 1,
      range: () => verticalRange(view.drawn, view.stretch.from, view.stretch.to),
    },
  };
}

/** The horizontal and the vertical axis of a chart. */
export function chartAxes(spec: ChartSpec, view: ChartView): uPlot.Axis[] {
  const horizontal = spec.value === undefined ? timeAxis(view) : valueAxis(spec.value, view);
  const vertical = spec.lanes === undefined ? heightAxis(spec) : laneAxis(spec, spec.lanes);
  return [
    { ...look, size: horizontalSize(spec), gap: 7, grid, ...horizontal },
    { ...look, size: plotInsets.left, gap: 6, ...vertical },
  ];
}

function timeAxis(view: ChartView): uPlot.Axis {
  const stepOf = ({ width }: uPlot) =>
    timeStep(view.stretch.from, view.stretch.to, width - 70, width < NARROW ? LABEL_WHERE_NARROW : undefined);
  return {
    splits: (plot) => timeTicks(view.stretch.from, view.stretch.to, stepOf(plot)),
    values: (plot, splits) => {
      const { from, to } = view.stretch;
      const step = stepOf(plot);
      // A label cut off by the edge is none.
      const last = to - (ROOM_AT_RIGHT / Math.max(1, plot.width - plotInsets.left - plotInsets.right)) * (to - from);
      return splits.map((at) => (at > last ? "" : clock(at, step)));
    },
  };
}

function valueAxis(value: NonNullable<ChartSpec["value"]>, view: ChartView): uPlot.Axis {
  return {
    label: value.label,
    labelSize: 16,
    labelGap: 0,
    labelFont: FONT,
    splits: ({ width }) =>
      verticalTicks(view.stretch.from, view.stretch.to, value.log === true, Math.floor(width / 70)),
    values: (_, splits) => splits.map((at) => (value.axisFormat ?? tick)(at)),
  };
}

function heightAxis(spec: ChartSpec): uPlot.Axis {
  const most = Math.max(2, Math.floor((spec.height ?? 150) / 38));
  return {
    grid,
    splits: (_, __, min, max) => verticalTicks(min, max, spec.log === true, most, spec.whole),
    values: (_, splits) => splits.map((at) => (spec.axisFormat ?? tick)(at)),
  };
}

function laneAxis(spec: ChartSpec, lanes: NonNullable<ChartSpec["lanes"]>): uPlot.Axis {
  const every = Math.ceil(12 / ((spec.height ?? 150) / lanes.length));
  return {
    grid: { ...grid, show: false },
    splits: () => lanes.map((_, place) => lanes.length - place - 0.5),
    values: () => lanes.map(({ label }, place) => (place % every === 0 ? label : "")),
  };
}
