import { element } from "../../report/page/dom.ts";
import { figure, percent } from "../../report/page/format.ts";
import { cliffWords, findCliff } from "../cliff.ts";
import type { SweepPageData } from "../page-data.ts";
import { axisPlaces, meanBy, runTitle } from "./sweep-runs.ts";

/** What the sweep found, in words: the cliff, the cheapest run that holds, what failed. */
export function summary(data: SweepPageData): HTMLElement[] {
  const attainment = data.figures.sla_attainment;
  const failed = Object.keys(data.errors).length;
  const lines: string[] = [];
  if (attainment.every((value) => value === null)) {
    lines.push(
      "No run has SLA bounds, so no cliff can be named; give --sla-ttft-ms and --sla-itl-ms, or a planner with an SLA target.",
    );
  } else {
    const [first, ...others] = data.axes;
    if (first !== undefined && others.length === 0) {
      const axis = axisPlaces(first);
      if (axis.categories === null) {
        const points = meanBy(axis.at, attainment).map(([value, share]) => ({ value, attainment: share }));
        lines.push(cliffWords(findCliff(points, data.threshold), first.key, data.threshold));
      }
    }
    lines.push(cheapest(data));
  }
  if (failed > 0)
    lines.push(`${failed} of ${data.index.length} runs failed; the table says why where you point at them.`);
  return lines.map((text) => element("p", { class: "sweep-lead", text }));
}

function cheapest(data: SweepPageData): string {
  const { sla_attainment: attainment, gpu_hours: cost } = data.figures;
  const bar = percent(data.threshold);
  const holding = data.index.flatMap((_, place) =>
    (attainment[place] ?? 0) >= data.threshold && cost[place] !== null ? [place] : [],
  );
  if (holding.length === 0) return `No run keeps ${bar} of its requests within the SLA.`;
  const best = holding.reduce((a, b) => (cost[b]! < cost[a]! ? b : a));
  return `${holding.length} of ${data.index.length} runs keep at least ${bar} within the SLA; the cheapest is ${runTitle(data, best)}: ${figure(cost[best])} GPU-hours at ${percent(attainment[best])}.`;
}
