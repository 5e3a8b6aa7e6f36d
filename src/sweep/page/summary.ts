import { element } from "../../report/page/dom.ts";
import { count, figure, percent, shareTick, unbroken } from "../../report/page/format.ts";
import { cliffWords, findCliff } from "../cliff.ts";
import type { SweepPageData } from "../page-data.ts";
import { beginningOf } from "./failure.ts";
import { axisPlaces, meanBy, runTitle } from "./sweep-runs.ts";

/** What the sweep found, in words: the cliff, the cheapest run that holds, what failed. */
export function summary(data: SweepPageData): HTMLElement[] {
  const attainment = data.figures.sla_attainment;
  const failed = Object.keys(data.errors).length;
  const lines: string[] = [];
  if (failed === data.index.length) {
    lines.push(failed === 1 ? "The only run failed." : `All ${count(failed)} runs failed.`, ...reasons(data));
    return lines.map(paragraph);
  }
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
        const words = cliffWords(findCliff(points, data.threshold), first.key, data.threshold);
        lines.push(failed > 0 ? `Of the runs that finished: ${words}` : words);
      }
    }
    lines.push(cheapest(data));
  }
  if (failed > 0) lines.push(`${count(failed)} of ${count(data.index.length)} runs failed; the table says why.`);
  return lines.map(paragraph);
}

function paragraph(text: string): HTMLElement {
  return element("p", { class: "sweep-lead", text: unbroken(text) });
}

/** Why runs failed, the most frequent reasons first. */
function reasons({ errors, errorTexts }: SweepPageData): string[] {
  const counts = errorTexts.map(() => 0);
  for (const text of Object.values(errors)) counts[text]!++;
  const ordered = [...errorTexts.keys()].toSorted((a, b) => counts[b]! - counts[a]!).slice(0, 3);
  const told = (text: number) => beginningOf(errorTexts[text]!);
  return ordered.map((text) => (counts.length === 1 ? told(text) : `${count(counts[text]!)} ×: ${told(text)}`));
}

function cheapest(data: SweepPageData): string {
  const { sla_attainment: attainment, gpu_hours: cost } = data.figures;
  const bar = shareTick(data.threshold);
  const holding = data.index.flatMap((_, place) =>
    (attainment[place] ?? 0) >= data.threshold && cost[place] !== null ? [place] : [],
  );
  if (holding.length === 0) return `No run keeps ${bar} of its requests within the SLA${closest(data)}.`;
  const best = holding.reduce((a, b) => (cost[b]! < cost[a]! ? b : a));
  const verb = holding.length === 1 ? "keeps" : "keep";
  return `${count(holding.length)} of ${count(data.index.length)} runs ${verb} at least ${bar} within the SLA; the cheapest is ${runTitle(data, best)}: ${figure(cost[best])} GPU-hours at ${percent(attainment[best])}.`;
}

/** The run that keeps most. */
function closest(data: SweepPageData): string {
  const { sla_attainment: attainment, gpu_hours: cost } = data.figures;
  const places = data.index.flatMap((_, place) => (attainment[place] === null ? [] : [place]));
  if (data.index.length === 1 || places.length === 0) return "";
  const best = places.reduce((a, b) => (attainment[b]! > attainment[a]! ? b : a));
  return `; the nearest is ${runTitle(data, best)}: ${percent(attainment[best])} for ${figure(cost[best])} GPU-hours`;
}
