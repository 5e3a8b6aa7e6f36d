import { comparedMetrics, difference, differingSettings } from "../compared-metrics.ts";
import type { ComparedMetric } from "../compared-metrics.ts";
import type { ComparedRun } from "../page-data.ts";
import { chartRow } from "./chart.ts";
import type { ChartContext } from "./chart-context.ts";
import { compareCharts, compareDistributions, runColors } from "./charts-compare.ts";
import { settingText } from "./config-section.ts";
import { comparedDisruptions } from "./disruptions.ts";
import { breakable, element } from "./dom.ts";
import { count, duration, figure, percent } from "./format.ts";
import { keepRange } from "./kept-range.ts";
import { footer, masthead } from "./masthead.ts";
import { runEnd } from "./run-series.ts";
import { stretchShower } from "./show-stretch.ts";
import { TimeRange } from "./time-range.ts";
import { timeKeys, timeToolbar } from "./toolbar.ts";

/** The page that lays runs over each other: a table of what matters, then the same charts with a colour a run. */
export function comparePage(runs: readonly ComparedRun[], toggleTheme: () => void): HTMLElement[] {
  const range = new TimeRange(Math.max(...runs.map(runEnd)));
  keepRange(range);
  let showCursor: (seconds: number | null) => void = () => {};
  const context: ChartContext = {
    range,
    marked: { seconds: null },
    onCursor: (seconds: number | null) => showCursor(seconds),
    fileStem: runs.map(({ label }) => label).join("-vs-"),
  };
  const toolbar = timeToolbar(range, null);
  showCursor = toolbar.showCursor;
  timeKeys(document.body, range, null);
  const timeline = element("div", {
    class: "timeline",
    id: "timeline",
    children: [
      element("h2", { class: "table-head", text: "Over time" }),
      toolbar.node,
      element("section", {
        class: "chart-group",
        children: compareCharts(runs).map((spec) => chartRow(spec, context)),
      }),
    ],
  });
  return [
    masthead(pageTitle(runs.map(({ label }) => label)), [`${runs.length} runs compared`], toggleTheme),
    element("main", {
      children: [
        element("ul", { class: "run-names", children: runs.map(runName) }),
        element("div", { class: "scroll", children: [metricsTable(runs)] }),
        comparedDisruptions(runs, stretchShower(range, timeline)),
        timeline,
        requestsSection(runs, context),
        element("h2", { class: "table-head", text: "Settings that differ" }),
        element("div", { class: "scroll", children: [settingsTable(runs)] }),
      ],
    }),
    footer(
      runs[0]!.windtunnel_version,
      runs.map(({ label, digest }) => `${label}: digest ${digest.slice(0, 16)}…`),
    ),
  ];
}

function requestsSection(runs: readonly ComparedRun[], context: ChartContext): HTMLElement {
  return element("section", {
    class: "chart-group requests",
    children: [
      element("h2", { text: "Requests" }),
      element("div", {
        class: "pair",
        children: compareDistributions(runs).map((spec) => chartRow(spec, context)),
      }),
    ],
  });
}

/** All names are below: a title of more than three would only push them out of sight. */
function pageTitle(labels: readonly string[]): string {
  return labels.length > 3 ? `${labels[0]} vs ${labels.length - 1} others` : labels.join(" vs ");
}

function runName(run: ComparedRun, place: number): HTMLElement {
  const swatch = element("i", { class: "swatch line" });
  swatch.style.setProperty("--c", `var(--${runColors[place % runColors.length]})`);
  const hours = `${figure(run.gpu_hours)} GPU-hours`;
  const verdict =
    run.sla === null
      ? `no SLA was set; ${hours}`
      : `${percent(run.sla.attainment.all)} of requests met the SLA for ${hours}`;
  return element("li", {
    children: [
      swatch,
      element("span", { children: [element("b", { children: breakable(run.label) }), ` ${verdict}`] }),
    ],
  });
}

function metricsTable(runs: readonly ComparedRun[]): HTMLElement {
  const body = element("tbody");
  let section = "";
  for (const metric of comparedMetrics) {
    const values = runs.map((run) => metric.value(run));
    if (values.every((value) => value === null)) continue;
    if (metric.section !== section) {
      section = metric.section;
      const head = element("th", {
        text: section,
        attributes: { colspan: String(runs.length + 1), scope: "rowgroup" },
      });
      body.append(element("tr", { class: "section", children: [head] }));
    }
    body.append(
      element("tr", {
        children: [
          element("th", { text: metric.label, attributes: { scope: "row" } }),
          ...values.map((value, place) => metricCell(metric, values[0]!, value, place)),
        ],
      }),
    );
  }
  const head = ["", ...runs.map(({ label }) => label)].map((text, place) =>
    element("th", {
      class: place === 0 ? "" : "numeric",
      children: breakable(text),
      attributes: { scope: "col" },
    }),
  );
  return element("table", {
    class: "compare-table",
    attributes: { "aria-label": "Figures of the runs; differences are against the first" },
    children: [element("thead", { children: [element("tr", { children: head })] }), body],
  });
}

function metricCell(metric: ComparedMetric, first: number | null, value: number | null, place: number): HTMLElement {
  const away = place === 0 ? { text: "", verdict: null } : difference(metric, first, value);
  const sign = away.verdict === "better" ? " ✓" : away.verdict === "worse" ? " ✕" : "";
  return element("td", {
    class: "numeric",
    ...(value === null ? {} : { title: String(value) }),
    children: [
      written(metric, value),
      away.text === "" ? null : element("span", { class: `difference ${away.verdict ?? ""}`, text: away.text + sign }),
    ],
  });
}

function written({ unit }: ComparedMetric, value: number | null): string {
  if (value === null) return "–";
  if (unit === "share") return percent(value);
  if (unit === "s") return duration(value);
  if (unit === "") return count(value);
  return unit === "GPU·h" || unit === "price"
    ? figure(value)
    : unit === "/s"
      ? `${figure(value)} /s`
      : `${figure(value)} ${unit}`;
}

function settingsTable(runs: readonly ComparedRun[]): HTMLElement {
  const rows = differingSettings(runs);
  if (rows.length === 0) return element("p", { class: "note", text: "All settings are the same." });
  const head = ["", ...runs.map(({ label }) => label)].map((text) =>
    element("th", { children: breakable(text), attributes: { scope: "col" } }),
  );
  return element("table", {
    class: "compare-table",
    attributes: { "aria-label": "Settings that differ" },
    children: [
      element("thead", { children: [element("tr", { children: head })] }),
      element("tbody", {
        children: rows.map(({ path, values }) =>
          element("tr", {
            children: [
              element("th", { children: breakable(path), attributes: { scope: "row" } }),
              ...values.map((value) => element("td", { text: settingText(value as never) })),
            ],
          }),
        ),
      }),
    ],
  });
}
