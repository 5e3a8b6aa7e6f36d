import { element } from "../../report/page/dom.ts";
import { count, shareTick } from "../../report/page/format.ts";
import { masthead } from "../../report/page/masthead.ts";
import { setUpTheme } from "../../report/page/theme.ts";
import type { SweepPageData } from "../page-data.ts";
import { paretoFront } from "../pareto.ts";
import type { SweepFigure } from "../sweep-row.ts";
import { oneAxisCharts, smallMultiples } from "./axis-charts.ts";
import { chart, type ChartContent } from "./chart.ts";
import { fittedCharts } from "./fitted-charts.ts";
import { heatMap } from "./heat-map.ts";
import { runTable } from "./run-table.ts";
import { summary } from "./summary.ts";
import { commonFigure, markOf } from "./sweep-runs.ts";

const data = JSON.parse(document.getElementById("content")!.textContent) as SweepPageData;
const { toggle } = setUpTheme();
const hasSla = data.figures.sla_attainment.some((value) => value !== null);
const quality: SweepFigure = hasSla ? "sla_attainment" : "p90_ttft_ms";
const benefit = hasSla
  ? data.figures.sla_attainment
  : data.figures.p90_ttft_ms.map((value) => (value === null ? null : -value));
const front = paretoFront(data.figures.gpu_hours, benefit);
const onFront = new Set(front);

document.getElementById("page")!.append(
  masthead(`Sweep of ${data.axes.map(({ key }) => key).join(", ")}`, facts(), toggle),
  element("main", {
    children: [
      ...summary(data),
      fittedCharts(element("section", { class: "sweep-charts" }), { least: 420, gap: 18 }, (width) => [
        element("h2", { class: "unseen", text: "Charts" }),
        ...axisCharts(width),
        ...[paretoChart(width) ?? []].flat(),
      ]),
      runTable(data, onFront),
    ],
  }),
  element("footer", { children: [element("p", { class: "fine", text: `windtunnel ${data.version}` })] }),
);

/** What all runs have in common. */
function facts(): string[] {
  const requests = commonFigure(data, "num_requests");
  const bounds = (["ttft", "itl"] as const).flatMap((kind) => {
    const bound = commonFigure(data, `sla_${kind}_ms`);
    return bound === null ? [] : [`${kind.toUpperCase()} ≤ ${count(bound)} ms`];
  });
  return [
    ...(data.trace === null ? [] : [data.trace]),
    data.index.length === 1 ? "1 run" : `${count(data.index.length)} runs`,
    ...(requests === null ? [] : [`${count(requests)} requests each`]),
    ...(bounds.length === 0 ? [] : [`SLA: ${bounds.join(", ")}`]),
  ];
}

function axisCharts(width: number): HTMLElement[] {
  if (data.axes.length === 1) return oneAxisCharts(data, width);
  const combinations = new Set(
    data.index.map((_, place) => JSON.stringify(data.axes.map(({ values }) => values[place]))),
  );
  if (data.index.every((_, place) => data.errors[place] !== undefined)) return [];
  const cells = data.axes.reduce((product, { values }) => product * new Set(values).size, 1);
  // Sampled points fill a grid too sparsely for a map.
  if (data.axes.length !== 2 || combinations.size < cells / 2) return smallMultiples(data, quality, width);
  return [
    ...(hasSla ? [heatMap(data, "sla_attainment", "SLA attainment")] : []),
    heatMap(data, "p90_ttft_ms", "p90 time to first token, ms"),
    heatMap(data, "p90_itl_ms", "p90 inter-token latency, ms"),
    heatMap(data, "gpu_hours", "GPU-hours"),
  ];
}

/** What every run costs and gives; runs that another one beats are dimmed. */
function paretoChart(width: number): HTMLElement | null {
  const marks = data.index.flatMap((_, place) => {
    const mark = markOf(data, place, data.figures.gpu_hours[place] ?? null, quality);
    return mark === null ? [] : [{ ...mark, dimmed: !onFront.has(place) }];
  });
  const line = front.map((place) => [data.figures.gpu_hours[place]!, data.figures[quality][place]!] as const);
  const content: ChartContent = {
    name: "pareto",
    title: hasSla
      ? "Pareto front: SLA attainment by GPU-hours"
      : "Pareto front: p90 time to first token, ms, by GPU-hours",
    xLabel: "GPU-hours",
    categories: null,
    log: !hasSla,
    shares: hasSla,
    close: true,
    series: [{ label: "runs no other run beats (the rest is dimmed)", color: "green", marks, line }],
    levels: hasSla ? [{ label: `threshold ${shareTick(data.threshold)}`, value: data.threshold }] : [],
  };
  return chart(content, width);
}
