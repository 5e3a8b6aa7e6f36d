import { element } from "../../report/page/dom.ts";
import { masthead } from "../../report/page/masthead.ts";
import { setUpTheme } from "../../report/page/theme.ts";
import type { StudyPageData } from "../page-data.ts";
import { studyTables, type TextTable } from "../study-tables.ts";
import { cellChart } from "./cell-chart.ts";
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
      `${names.length} policies in ${data.cells.length} cells`,
      `SLA: TTFT ${data.ttftMs} ms, ITL ${data.itlMs} ms`,
      `windtunnel ${data.version}`,
    ],
    toggle,
  ),
  ...leadSentences(data).map((text) => element("p", { class: "sweep-lead", text })),
  table(summary!),
  element("h2", { text: "Attainment against GPU-hours" }),
  element("p", {
    class: "note",
    text: "One chart a trace and start-up time. Grey: fixed fleets. Green: the bound found for a policy that knows the trace, where it was given. Up and to the left is better; filled: nothing is as good for less; a policy above the grey line beats fixed fleets of its cost.",
  }),
  legend.node,
  element("div", { class: "study-charts", children: data.cells.map((cell) => cellChart(cell, names)) }),
  element("h2", { text: "Cell by cell" }),
  element("p", { class: "note", text: "* on the Pareto front: nothing in the cell is as good for less." }),
  ...cells.map((one) => element("details", { children: [element("summary", { text: one.title }), table(one, false)] })),
);

function table({ title, head, rows }: TextTable, titled = true): HTMLElement {
  const cell = (tag: "th" | "td", text: string, column: number): HTMLElement =>
    element(tag, {
      text,
      class: column === 0 ? "" : "numeric",
      ...(tag === "th" ? { attributes: { scope: "col" } } : {}),
    });
  return element("section", {
    children: [
      ...(titled ? [element("h2", { text: title })] : []),
      element("div", {
        class: "run-table",
        children: [
          element("table", {
            attributes: { "aria-label": title },
            children: [
              element("thead", { children: [element("tr", { children: head.map((text, i) => cell("th", text, i)) })] }),
              element("tbody", {
                children: rows.map((row) => element("tr", { children: row.map((text, i) => cell("td", text, i)) })),
              }),
            ],
          }),
        ],
      }),
    ],
  });
}
