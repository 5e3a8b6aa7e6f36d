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
  const front = summaries.reduce((a, b) => (b.onFront > a.onFront ? b : a));
  const sentences = [
    `${best.policy} comes nearest to what more replicas could reach: ${percent(best.medianOfCeiling)} of it in the median cell, ${percent(best.leastOfCeiling ?? 0)} in its worst, for ${best.totalGpuHours.toFixed(1)} GPU-hours in all.`,
    `${front.policy} is on the Pareto front of ${front.onFront} of ${cells.length} cells, more than any other policy.`,
  ];
  const worse = summaries.filter(({ beatsFixed, cells: count }) => beatsFixed * 2 < count);
  if (worse.length > 0) {
    const names = worse.map(({ policy }) => policy).join(", ");
    sentences.push(`In most cells a fixed fleet of the same cost does at least as well as ${names}.`);
  }
  return sentences;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
