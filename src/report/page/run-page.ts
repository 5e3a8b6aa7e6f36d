import type { RunPageData } from "../page-data.ts";
import { chartRow } from "./chart.ts";
import { plotInsets } from "./chart-axes.ts";
import type { ChartContext } from "./chart-context.ts";
import type { ChartSpec } from "./chart-spec.ts";
import { capacityCharts } from "./charts-capacity.ts";
import { decisionChart, policyChart } from "./charts-decisions.ts";
import { latencyCharts } from "./charts-latency.ts";
import { loadCharts } from "./charts-load.ts";
import { requestCharts } from "./charts-requests.ts";
import { trafficCharts } from "./charts-traffic.ts";
import { decisionMarks } from "./decision-marks.ts";
import { decisionPanel } from "./decision-panel.ts";
import { element } from "./dom.ts";
import { firstScreen } from "./first-screen.ts";
import { keepRange } from "./kept-range.ts";
import { masthead, footer } from "./masthead.ts";
import { runEnd } from "./run-series.ts";
import { stretchShower, type ShowStretch } from "./show-stretch.ts";
import { TimeRange } from "./time-range.ts";
import { timeKeys, timeToolbar, timeWheel } from "./toolbar.ts";
import { workersChart } from "./workers-chart.ts";
import { worstRequestsTable } from "./worst-requests.ts";

/** The page of one run. */
export function runPage(run: RunPageData, toggleTheme: () => void): HTMLElement[] {
  const range = new TimeRange(runEnd(run));
  keepRange(range);
  let showCursor: (seconds: number | null) => void = () => {};
  const context: ChartContext = {
    range,
    marked: { seconds: null },
    onCursor: (seconds) => showCursor(seconds),
    fileStem: traceTitle(run.trace.name),
  };
  const panel = decisionPanel(run, context);
  const step = run.scaling_events.length === 0 ? null : panel.step;
  const toolbar = timeToolbar(range, step);
  showCursor = toolbar.showCursor;
  const timeline = element("div", {
    class: "timeline",
    id: "timeline",
    attributes: { tabindex: "-1" },
    children: [toolbar.node, ...timeGroups(run, context, panel.open)],
  });
  timeKeys(document.body, range, step);
  timeWheel(timeline, range, (clientX) => momentAt(timeline, range, clientX));
  const show = stretchShower(range, timeline);
  return [
    masthead(traceTitle(run.trace.name), describeRun(run), toggleTheme),
    element("main", {
      children: [firstScreen(run, show), timeline, requestsSection(run, context, show)],
    }),
    footer(run.windtunnel_version, [`engine implementation: ${run.engine}`, `digest ${run.digest}`]),
  ];
}

/** The charts over time, in groups. */
function timeGroups(run: RunPageData, context: ChartContext, open: (seconds: number) => void): HTMLElement[] {
  const [attainment, ttft, itl, ...estimates] = latencyCharts(run);
  const capacity = capacityCharts(run, open);
  const replicas = capacity.filter(({ id }) => id.startsWith("replicas"));
  const rest = capacity.filter(({ id }) => !id.startsWith("replicas"));
  const chart = (spec: ChartSpec) => chartRow(spec, context);
  const group = (title: string, ...rows: readonly HTMLElement[]) =>
    element("section", { class: "chart-group", children: [element("h2", { text: title }), ...rows] });
  return [
    group("Service", ...[attainment!, ttft!, itl!].map(chart)),
    group(
      "Scaling",
      ...replicas.map(chart),
      decisionMarks(run, context, open),
      ...[decisionChart(run, open), policyChart(run, open) ?? [], ...estimates, ...rest].flat().map(chart),
    ),
    group("Traffic", ...trafficCharts(run).map(chart)),
    group("Load", ...loadCharts(run).map(chart)),
    group("Workers", chart(workersChart(run))),
  ];
}

function requestsSection(run: RunPageData, context: ChartContext, show: ShowStretch): HTMLElement {
  return element("section", {
    class: "chart-group requests",
    children: [
      element("h2", { text: "Requests" }),
      element("div", { class: "pair", children: requestCharts(run).map((spec) => chartRow(spec, context)) }),
      element("h3", { class: "table-head", text: "Slowest requests and where their time went" }),
      worstRequestsTable(run, ({ arrival_s, e2e_latency_ms }) => show(arrival_s, arrival_s + e2e_latency_ms / 1000)),
    ],
  });
}

/** The file's name without its folder: folders are nobody's business but the machine's. */
function traceTitle(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1) || name;
}

function describeRun(run: RunPageData): readonly string[] {
  return [
    run.mode === "agg" ? "aggregated" : "disaggregated",
    run.planner === null ? "no autoscaler" : `autoscaler: ${run.planner.policy}`,
    `engine rules: ${run.semantics}`,
  ];
}

/** The moment under the pointer, from the place of any plot: they all stand in line. */
function momentAt(timeline: HTMLElement, range: TimeRange, clientX: number): number | null {
  const plot = timeline.querySelector<HTMLElement>(".u-over");
  if (plot === null) return null;
  const { left, width } = plot.getBoundingClientRect();
  if (clientX < left - plotInsets.left || clientX > left + width) return null;
  const { from, to } = range.current;
  return from + (Math.max(0, clientX - left) / width) * (to - from);
}
