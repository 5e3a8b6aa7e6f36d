import { element } from "../../report/page/dom.ts";
import { shareTick } from "../../report/page/format.ts";
import type { ColorRole } from "../../report/page/theme.ts";
import { linearScale, logScale, categoryScale, type Scale } from "./scale.ts";
import { saveSvgButton } from "./save-svg.ts";
import { svg } from "./svg.ts";

/** A run in a chart. */
export interface Mark {
  readonly x: number;
  readonly y: number;
  /** Shown when pointed at. */
  readonly title: string;
  /** Page of the run; null = none was kept. */
  readonly link: string | null;
  readonly dimmed?: boolean;
}

/** Marks of one kind, and a line in the order of x. */
export interface Series {
  readonly label: string;
  readonly color: ColorRole;
  readonly dash?: boolean;
  readonly marks: readonly Mark[];
  /** Points of the line; empty = marks only. */
  readonly line: ReadonlyArray<readonly [number, number]>;
}

/** One chart of the page. */
export interface ChartContent {
  readonly name: string;
  readonly title: string;
  readonly xLabel: string;
  /** Names of the places 0, 1, …; null = x is a number. */
  readonly categories: readonly string[] | null;
  readonly log: boolean;
  /** The horizontal axis is logarithmic. */
  readonly skewed?: boolean;
  /** Heights are shares, written in percent. */
  readonly shares?: boolean;
  /** The vertical axis begins near the least share, not at none. */
  readonly close?: boolean;
  /** Label the values of x themselves where they are few. */
  readonly ownTicks?: boolean;
  readonly series: readonly Series[];
  /** Level lines, such as an SLA. */
  readonly levels: ReadonlyArray<{ readonly label: string; readonly value: number }>;
}

/** With one row of labels below. */
const plotHeight = 250;
const labelRowHeight = 12;
const frame = { left: 52, right: 14, top: 10, bottom: 40 };
/** More marks than this are one path, without titles and links. */
const mostSingleMarks = 1500;

/** Draws a chart of a width as a figure with title and legend; null when no run has its figures. */
export function chart(content: ChartContent, width: number): HTMLElement | null {
  const { name, title, series, levels } = content;
  const legend = [
    ...series.map(({ label, color, dash, line }) =>
      legendEntry(label, `c-${color}${dash === true ? " dash" : ""}`, line.length > 0),
    ),
    ...levels.map(({ label }) => legendEntry(label, "level", true)),
  ];
  if (series.every(({ marks }) => marks.length === 0)) return null;
  const figure: HTMLElement = element("figure", {
    class: "sweep-chart",
    attributes: { "data-chart": name },
    children: [
      element("figcaption", {
        children: [
          element("h3", { text: title }),
          element("div", { class: "sweep-legend", children: legend }),
          saveSvgButton(title, `by ${content.xLabel}`, () => figure),
        ],
      }),
      picture(content, width),
    ],
  });
  return figure;
}

function legendEntry(label: string, classes: string, isLine: boolean): HTMLElement {
  const width = isLine ? 18 : 10;
  const look = isLine
    ? svg("line", { x1: 0, x2: width, y1: 5, y2: 5, class: `line ${classes}` })
    : svg("circle", { cx: width / 2, cy: 5, r: 3.2, class: classes });
  return element("span", { children: [svg("svg", { width, height: 10 }, [look]), label] });
}

function picture(content: ChartContent, width: number): SVGSVGElement {
  const { title, xLabel, series, levels } = content;
  const marks = series.flatMap((one) => one.marks);
  const right = width - frame.right;
  const bottom = plotHeight - frame.bottom;
  const x = horizontalScale(content, marks, right);
  const y = verticalScale(content, marks, bottom);
  const height = plotHeight + labelRowHeight * Math.max(0, ...x.ticks.map(({ row = 0 }) => row));
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title} by ${xLabel}` });
  for (const { at, label } of y.ticks) {
    root.append(svg("line", { class: "grid-line", x1: frame.left, x2: right, y1: at, y2: at }));
    root.append(svg("text", { class: "tick", x: frame.left - 6, y: at + 4, "text-anchor": "end" }, [label]));
  }
  for (const { at, label, whole, row = 0 } of x.ticks) {
    const text = svg("text", { class: "tick", x: at, y: bottom + 16 + row * labelRowHeight, "text-anchor": "middle" }, [
      label,
    ]);
    if (whole !== undefined) text.append(svg("title", {}, [whole]));
    root.append(text);
  }
  root.append(
    svg("text", { class: "tick", x: (frame.left + right) / 2, y: height - 6, "text-anchor": "middle" }, [xLabel]),
  );
  for (const { value } of levels) {
    const at = y.at(value);
    if (at !== null) root.append(svg("line", { class: "line level", x1: frame.left, x2: right, y1: at, y2: at }));
  }
  for (const one of series) root.append(...seriesNodes(one, x, y, marks.length <= mostSingleMarks));
  return root;
}

function horizontalScale({ categories, ownTicks, skewed }: ChartContent, marks: readonly Mark[], right: number): Scale {
  if (categories !== null) return categoryScale(categories, frame.left, right);
  const values = marks.map((mark) => mark.x);
  if (skewed === true) return logScale(values, frame.left + 8, right - 8, { ownTicks: ownTicks === true, margin: 1 });
  return linearScale(values, frame.left + 8, right - 8, { ownTicks: ownTicks === true });
}

function verticalScale({ log, shares, close, levels }: ChartContent, marks: readonly Mark[], bottom: number): Scale {
  const heights = [...marks.map(({ y }) => y), ...levels.map(({ value }) => value)];
  if (log) return logScale(heights, bottom, frame.top);
  if (shares !== true) return linearScale(heights, bottom, frame.top + 6, { fromZero: true });
  const least = heights.reduce((a, b) => Math.min(a, b));
  const most = heights.reduce((a, b) => Math.max(a, b));
  // Shares near to all end at all; where only high ones matter, they begin below the least.
  const ends = [close === true ? Math.max(0, Math.floor((least - 0.02) * 10) / 10) : 0, most > 0.8 ? 1 : most];
  return linearScale([...heights, ...ends], bottom, frame.top + 6, { write: shareTick });
}

function seriesNodes({ color, dash, marks, line }: Series, x: Scale, y: Scale, single: boolean): SVGElement[] {
  const nodes: SVGElement[] = [];
  const point = (a: number, b: number) => {
    const [left, top] = [x.at(a), y.at(b)];
    return left === null || top === null ? null : ([left, top] as const);
  };
  const path = line
    .flatMap(([a, b]) => point(a, b) ?? [])
    .reduce((text, value, i) => `${text}${i === 0 ? "M" : i % 2 === 0 ? "L" : " "}${value.toFixed(1)}`, "");
  if (path !== "") nodes.push(svg("path", { d: path, class: `line c-${color}${dash === true ? " dash" : ""}` }));
  if (!single) {
    for (const dimmed of [true, false]) {
      const places = marks
        .filter((mark) => (mark.dimmed === true) === dimmed)
        .flatMap((mark) => [point(mark.x, mark.y)]);
      const dots = places.map((at) => (at === null ? "" : `M${at[0].toFixed(1)} ${at[1].toFixed(1)}h0`)).join("");
      if (dots !== "") nodes.push(svg("path", { d: dots, class: `dots c-${color}${dimmed ? " dimmed" : ""}` }));
    }
    return nodes;
  }
  // Dimmed marks lie below the others.
  for (const mark of marks.toSorted((a, b) => Number(b.dimmed ?? false) - Number(a.dimmed ?? false))) {
    const at = point(mark.x, mark.y);
    if (at === null) continue;
    const dot = svg(
      "circle",
      { cx: at[0], cy: at[1], r: 3.2, class: `c-${color}${mark.dimmed === true ? " dimmed" : ""}` },
      [svg("title", {}, [mark.title])],
    );
    // The table has the same links in order, for those who come by the keyboard.
    nodes.push(mark.link === null ? dot : svg("a", { href: mark.link, tabindex: -1 }, [dot]));
  }
  return nodes;
}
