import { percent } from "../../report/page/format.ts";
import type { StudyPageData } from "../page-data.ts";
import type { PolicySummary } from "../study-summary.ts";

/** What the study found, in a few sentences. */
export function leadSentences({ summaries, cells }: StudyPageData): string[] {
  const judged = summaries.filter(
    (one): one is PolicySummary & { medianOfCeiling: number; totalGpuHours: number } =>
      one.medianOfCeiling !== null && one.totalGpuHours !== null,
  );
  if (judged.length === 0) return ["No run of a policy has finished."];
  const best = judged.reduce((a, b) => (b.medianOfCeiling > a.medianOfCeiling ? b : a));
  const reached = percent(best.medianOfCeiling);
  const cost = `for ${best.totalGpuHours.toFixed(1)} GPU-hours`;
  const of =
    cells.length === 1
      ? `${reached} of it, ${cost}`
      : `${reached} of it in the median cell, ${percent(best.leastOfCeiling ?? 0)} in its worst, ${cost} in all`;
  const sentences = [
    `${best.policy} comes nearest to what more replicas could reach: ${of}.`,
    frontSentence(summaries, cells.length),
  ];
  const worse = summaries.filter(({ beatsFixed, cells: count }) => beatsFixed * 2 < count);
  if (worse.length > 0) {
    sentences.push(
      `${cells.length === 1 ? "A" : "In most cells a"} fixed fleet of the same cost does at least as well as ${among(worse, summaries)}.`,
    );
  }
  return sentences;
}

function frontSentence(summaries: readonly PolicySummary[], cells: number): string {
  const most = Math.max(...summaries.map(({ onFront }) => onFront));
  const one = cells === 1;
  if (most === 0) {
    return `No policy is on a Pareto front: ${one ? "" : "in every cell "}a fixed fleet is as good for less.`;
  }
  const front = summaries.filter(({ onFront }) => onFront === most).map(({ policy }) => policy);
  const than = front.length === summaries.length ? "" : ", more than any other policy";
  return `${listed(front)} ${front.length === 1 ? "is" : "are"} on the Pareto front${one ? "" : ` of ${most} of ${cells} cells`}${than}.`;
}

/** Names some of all policies, the shorter way. */
function among(some: readonly PolicySummary[], all: readonly PolicySummary[]): string {
  const names = (policies: readonly PolicySummary[]): string => listed(policies.map(({ policy }) => policy));
  const others = all.filter((one) => !some.includes(one));
  if (others.length === 0) return all.length === 1 ? names(all) : `every one of these ${all.length} policies`;
  return others.length < some.length ? `every policy but ${names(others)}` : names(some);
}

/** Names as a sentence has them. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
