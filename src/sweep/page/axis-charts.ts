import type { ColorRole } from "../../report/page/theme.ts";
import type { SweepPageData } from "../page-data.ts";
import type { SweepFigure } from "../sweep-row.ts";
import { chart, type Series } from "./chart.ts";
import { axisPlaces, commonFigure, markOf, meanBy, type AxisPlaces } from "./sweep-runs.ts";

interface Drawn {
  readonly figure: SweepFigure;
  readonly label: string;
  readonly color: ColorRole;
  readonly dash?: boolean;
}

/** The four panels of a study with one varied quantity. */
export function oneAxisCharts(data: SweepPageData): HTMLElement[] {
  const axis = axisPlaces(data.axes[0]!);
  const latencies = (kind: "ttft" | "itl"): Drawn[] => [
    { figure: `mean_${kind}_ms`, label: "average", color: "blue" },
    { figure: `p90_${kind}_ms`, label: "p90", color: "orange" },
    { figure: `p99_${kind}_ms`, label: "p99", color: "purple", dash: true },
  ];
  return [
    panel(data, axis, "ttft", "Time to first token, ms", latencies("ttft"), { log: true, level: "sla_ttft_ms" }),
    panel(data, axis, "itl", "Inter-token latency, ms", latencies("itl"), { log: false, level: "sla_itl_ms" }),
    panel(data, axis, "gpu-hours", "GPU-hours", [{ figure: "gpu_hours", label: "GPU-hours", color: "green" }]),
    panel(data, axis, "scaling", "Scaling events", [
      { figure: "scale_ups", label: "up", color: "blue" },
      { figure: "scale_downs", label: "down", color: "orange", dash: true },
    ]),
  ];
}

/** More varied quantities: what each does to attainment (or latency) and to cost, over all runs. */
export function smallMultiples(data: SweepPageData, quality: SweepFigure): HTMLElement[] {
  return data.axes.flatMap((one, place) => {
    const axis = axisPlaces(one);
    const title = quality === "sla_attainment" ? "SLA attainment, share" : "p90 time to first token, ms";
    return [
      panel(data, axis, `quality-${place}`, title, [{ figure: quality, label: "runs and their mean", color: "blue" }]),
      panel(data, axis, `cost-${place}`, "GPU-hours", [
        { figure: "gpu_hours", label: "runs and their mean", color: "green" },
      ]),
    ];
  });
}

function panel(
  data: SweepPageData,
  axis: AxisPlaces,
  name: string,
  title: string,
  drawn: readonly Drawn[],
  { log = false, level = null }: { log?: boolean; level?: SweepFigure | null } = {},
): HTMLElement {
  const bound = level === null ? null : commonFigure(data, level);
  const series = drawn.map(({ figure, ...look }): Series => {
    const marks = axis.at.flatMap((x, place) => markOf(data, place, x, figure) ?? []);
    const means = meanBy(axis.at, data.figures[figure]);
    // A line through values without an order, or through a cloud of samples, would say nothing.
    const sampled = data.axes.length > 1 && means.length === marks.length;
    return { ...look, marks, line: axis.categories === null && !sampled ? means : [] };
  });
  const levels = bound === null ? [] : [{ label: `SLA ${bound} ms`, value: bound }];
  return chart({ name, title, xLabel: axis.key, categories: axis.categories, log, series, levels });
}
