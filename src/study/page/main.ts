import { onAddressChange } from "../../report/page/address-state.ts";
import { element } from "../../report/page/dom.ts";
import { count, unbroken } from "../../report/page/format.ts";
import { keptSorting } from "../../report/page/kept-sorting.ts";
import { masthead } from "../../report/page/masthead.ts";
import { sortableTable, type Column } from "../../report/page/sortable-table.ts";
import { setUpTheme } from "../../report/page/theme.ts";
import { fittedCharts } from "../../sweep/page/fitted-charts.ts";
import type { StudyPageData } from "../page-data.ts";
import { studyTables, type TextTable } from "../study-tables.ts";
import { cellChart } from "./cell-chart.ts";
import { folds } from "./folds.ts";
import { leadSentences } from "./lead.ts";
import { Legend } from "./legend.ts";

const data = JSON.parse(document.getElementById("content")!.textContent) as StudyPageData;
const { toggle } = setUpTheme();
const names = data.summaries.map(({ policy }) => policy);
const legend = new Legend(names, new Map(data.policies.map(({ name, settings }) => [name, settings])));
const [summary, ...cells] = studyTables(data.cells, data.summaries);

document.getElementById("page")!.append(
  masthead(
    "Which autoscaler?",
    [
      `${names.length} ${names.length === 1 ? "policy" : "policies"} in ${data.cells.length} ${data.cells.length === 1 ? "cell" : "cells"}`,
      `SLA: TTFT ≤ ${count(data.ttftMs)} ms, ITL ≤ ${count(data.itlMs)} ms`,
    ],
    toggle,
  ),
  element("main", {
    children: [
      ...leadSentences(data).map((text) => element("p", { class: "sweep-lead", text: unbroken(text) })),
      section(
        summary!.title,
        "A cell is a trace at a start-up time. Ceiling: what the largest fixed fleet attains. Oracle: the fewest GPU-hours found for the same attainment with the trace known. Beats dynamo: no worse for less, or 20 points more; beats fixed: more than fixed fleets of the same GPU-hours.",
        table(summary!, 0),
      ),
      section(
        "Attainment against GPU-hours",
        "One chart a cell. Grey: fixed fleets (the best at their cost); dashed red: the ceiling; dashed green: the oracle’s bound, where it was asked for. Up and to the left is better; filled: nothing is as good for less; above the grey line: better than fixed fleets of the cost. A number beside its point is tied to it by a line; those in a dotted frame have one point. Press a name to find it in every chart.",
        legend.node,
        fittedCharts(element("div", { class: "study-charts" }), { least: 420, gap: 18 }, (width) =>
          data.cells.map((cell) => legend.dimmed(cellChart(cell, names, width))),
        ),
      ),
      section(
        "Cell by cell",
        "* on the Pareto front: nothing in the cell is as good for less.",
        ...folds(cells.map((one, place) => ({ title: one.title, content: table(one, place + 1) }))),
      ),
    ],
  }),
  element("footer", { children: [element("p", { class: "fine", text: `windtunnel ${data.version}` })] }),
);

onAddressChange(() => legend.follow());

function section(title: string, note: string, ...content: readonly HTMLElement[]): HTMLElement {
  return element("section", {
    class: "study-section",
    children: [element("h2", { text: title }), element("p", { class: "note", text: note }), ...content],
  });
}

/** A column whose header sorts it, by the figure a cell begins with. */
function columnOf(label: string, place: number): Column<readonly string[]> {
  const cell = (row: readonly string[]) => row[place]!;
  if (place === 0) return { label, value: cell, heads: true };
  return { label, numeric: true, value: (row) => leadingFigure(cell(row)), cell };
}

function leadingFigure(text: string): number | null {
  const value = Number.parseFloat(text.replace("−", "-"));
  return Number.isNaN(value) ? null : value;
}

/** @param place of the table among those of the page */
function table({ title, head, rows, notes = [] }: TextTable, place: number): HTMLElement {
  const kept = keptSorting(head, place === 0 ? "" : `${place}.`);
  const list = element("ol", {
    class: "study-notes",
    attributes: { "aria-label": "Why runs failed" },
    children: notes.map((text) => element("li", { text })),
  });
  return element("div", {
    class: "run-table",
    children: [sortableTable(title, head.map(columnOf), rows, kept), notes.length === 0 ? null : list],
  });
}
