import type { StudyCell, StudyEntry } from "./study-cells.ts";

/** How a policy did over all cells; null where no cell has the figure. */
export interface PolicySummary {
  readonly policy: string;
  readonly cells: number;
  readonly failed: number;
  readonly medianOfCeiling: number | null;
  readonly leastOfCeiling: number | null;
  readonly medianOfOracle: number | null;
  readonly mostOfOracle: number | null;
  readonly medianEventsPerHour: number | null;
  readonly totalGpuHours: number | null;
  /** Cells in which it beats the reference policy: no worse and cheaper, or 20 points better. */
  readonly beatsReference: number | null;
  /** Cells in which it attains more than fixed fleets of the same GPU-hours. */
  readonly beatsFixed: number;
  readonly onFront: number;
}

/** The policy others are held against. */
const referencePolicy = "dynamo";

/** Attainment so much higher counts as better at any cost. */
const clearlyBetter = 0.2;

/** Every policy over all cells, in the order of the plan. */
export function summarize(cells: readonly StudyCell[]): PolicySummary[] {
  const policies = [...new Set(cells.flatMap(({ entries }) => entries.map(({ policy }) => policy)))];
  return policies.map((policy) => {
    const pairs = cells.flatMap((cell) => {
      const entry = cell.entries.find((one) => one.policy === policy);
      const reference = cell.entries.find((one) => one.policy === referencePolicy);
      return entry === undefined ? [] : [{ entry, reference }];
    });
    const entries = pairs.map(({ entry }) => entry);
    const figures = (pick: (entry: StudyEntry) => number | null): number[] =>
      entries.map(pick).filter((value) => value !== null);
    const hours = figures(({ gpuHours }) => gpuHours);
    return {
      policy,
      cells: entries.length,
      failed: entries.filter(({ error }) => error !== null).length,
      medianOfCeiling: median(figures(({ ofCeiling }) => ofCeiling)),
      leastOfCeiling: least(figures(({ ofCeiling }) => ofCeiling)),
      medianOfOracle: median(figures(({ ofOracle }) => ofOracle)),
      mostOfOracle: most(figures(({ ofOracle }) => ofOracle)),
      medianEventsPerHour: median(figures(({ eventsPerHour }) => eventsPerHour)),
      totalGpuHours: hours.length === 0 ? null : hours.reduce((sum, value) => sum + value, 0),
      beatsReference:
        policy === referencePolicy || !policies.includes(referencePolicy)
          ? null
          : pairs.filter(({ entry, reference }) => reference !== undefined && beats(entry, reference)).length,
      beatsFixed: entries.filter(({ overFixed }) => overFixed !== null && overFixed > 0).length,
      onFront: entries.filter(({ onFront }) => onFront).length,
    };
  });
}

function beats(one: StudyEntry, other: StudyEntry): boolean {
  if (one.attainment === null || other.attainment === null || one.gpuHours === null || other.gpuHours === null) {
    return false;
  }
  if (one.attainment >= other.attainment + clearlyBetter) return true;
  return one.attainment >= other.attainment && one.gpuHours < other.gpuHours;
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values);
}
