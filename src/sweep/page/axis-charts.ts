import { count, shareTick } from "../../report/page/format.ts";
import type { ColorRole } from "../../report/page/theme.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";
import { chart, type Series } from "./chart.ts";
import { isSkewed } from "./scale.ts";
import { axisPlaces, commonFigure, markOf, meanBy, withUnit, type AxisPlaces } from "./sweep-runs.ts";

interface Drawn {
  readonly figure: SweepFigure;
  readonly label: string;
  readonly color: ColorRole;
  readonly dash?: boolean;
}

/** The panels of a study with one varied quantity: what it does to attainment, latencies, cost and scaling. */
export function oneAxisCharts(data: SweepPageData, width: number): HTMLElement[] {
  const axis = axisPlaces(data.axes[0]!);
  const latencies = (kind: "ttft" | "itl"): Drawn[] => [
    { figure: `mean_${kind}_ms`, label: "average", color: "blue" },
    { figure: `p90_${kind}_ms`, label: "p90", color: "orange" },
    { figure: `p99_${kind}_ms`, label: "p99", color: "purple", dash: true },
  ];
  const attainment: Drawn[] = [
    { figure: "sla_attainment", label: "all bounds", color: "blue" },
    { figure: "sla_ttft_attainment", label: "TTFT", color: "orange", dash: true },
    { figure: "sla_itl_attainment", label: "ITL", color: "purple", dash: true },
  ];
  const scaled = data.figures.scale_ups.some((ups, place) => ups !== 0 || data.figures.scale_downs[place] !== 0);
  return [
    panel(data, axis, width, "attainment", "SLA attainment, % of requests", attainment, { shares: true }),
    panel(data, axis, width, "ttft", "Time to first token, ms", latencies("ttft"), { log: true, level: "sla_ttft_ms" }),
    panel(data, axis, width, "itl", "Inter-token latency, ms", latencies("itl"), { level: "sla_itl_ms" }),
    panel(data, axis, width, "gpu-hours", "GPU-hours", [{ figure: "gpu_hours", label: "GPU-hours", color: "green" }]),
    ...(scaled
      ? [
          panel(data, axis, width, "scaling", "Scaling events", [
            { figure: "scale_ups", label: "up", color: "blue" },
            { figure: "scale_downs", label: "down", color: "orange", dash: true },
          ]),
        ]
      : []),
  ].filter((one) => one !== null);
}

/** More varied quantities: what each does to attainment (or latency) and to cost, over all runs. */
export function smallMultiples(data: SweepPageData, quality: SweepFigure, width: number): HTMLElement[] {
  return data.axes.flatMap((one, place) => {
    const axis = axisPlaces(one);
    const shares = quality === "sla_attainment";
    const title = shares ? "SLA attainment, % of requests" : "p90 time to first token, ms";
    return [
      panel(data, axis, width, `quality-${place}`, title, [{ figure: quality, label: "runs", color: "blue" }], {
        shares,
      }),
      panel(data, axis, width, `cost-${place}`, "GPU-hours", [{ figure: "gpu_hours", label: "runs", color: "green" }]),
    ].filter((one) => one !== null);
  });
}

function panel(
  data: SweepPageData,
  axis: AxisPlaces,
  width: number,
  name: string,
  title: string,
  drawn: readonly Drawn[],
  { log = false, shares = false, level = null }: { log?: boolean; shares?: boolean; level?: SweepFigure | null } = {},
): HTMLElement | null {
  const bound = level === null ? null : commonFigure(data, level);
  const measured = drawn.filter(({ figure }) => data.figures[figure].some((value) => value !== null));
  const series = measured.map(({ figure, ...look }): Series => {
    const marks = axis.at.flatMap((x, place) => markOf(data, place, x, figure) ?? []);
    const means = meanBy(axis.at, data.figures[figure]);
    // A line through values without an order, or through a cloud of samples, would say nothing.
    const sampled = data.axes.length > 1 && means.length === marks.length;
    const line = axis.categories === null && !sampled ? means : [];
    const label = data.axes.length > 1 && line.length > 0 ? `${look.label} and their mean` : look.label;
    return { ...look, label, marks, line };
  });
  const levels = shares
    ? [{ label: `threshold ${shareTick(data.threshold)}`, value: data.threshold }]
    : bound === null
      ? []
      : [{ label: `SLA ${count(bound)} ms`, value: bound }];
  const { categories } = axis;
  const skewed = categories === null && isSkewed(axis.at);
  const xLabel = `${withUnit(axis.key)}${skewed ? ", logarithmic" : ""}`;
  return chart({ name, title, xLabel, categories, log, skewed, shares, ownTicks: true, series, levels }, width);
}
