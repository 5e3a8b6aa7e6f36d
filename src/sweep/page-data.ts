import type { AxisValue } from "./axis.ts";
import { sweepFigureNames, type SweepFigure, type SweepRow } from "./sweep-row.ts";

/** What the page of a sweep is drawn with beside its rows. */
export interface SweepPageOptions {
  /** SLA attainment below which the page speaks of a cliff, 0..1. */
  readonly threshold: number;
  /** Name of the trace all runs replay; null = not known, or varied. */
  readonly trace: string | null;
  /** Folders whose runs/ may hold the pages of single runs. */
  readonly folders: readonly string[];
}

/** A sweep as its page gets it: a column for every axis and figure, a place in each for every run. */
export interface SweepPageData {
  readonly version: string;
  readonly threshold: number;
  readonly trace: string | null;
  readonly index: readonly number[];
  readonly repeat: readonly number[];
  readonly axes: ReadonlyArray<{ readonly key: string; readonly values: readonly AxisValue[] }>;
  readonly figures: Readonly<Record<SweepFigure, ReadonlyArray<number | null>>>;
  /** Places of runs that failed → which of the texts says why. */
  readonly errors: Readonly<Record<number, number>>;
  /** Each once: thousands of runs often fail for one reason. */
  readonly errorTexts: readonly string[];
  /** Places of runs whose own page was written → its address beside this page. */
  readonly links: Readonly<Record<number, string>>;
}

/**
 * Rows as columns, figures with six digits: ten thousand runs take two or three megabytes.
 * @param linkOf address of a run's own page; null = none
 */
export function sweepPageData(
  rows: readonly SweepRow[],
  {
    version,
    threshold,
    trace,
    linkOf,
  }: Pick<SweepPageData, "version" | "threshold" | "trace"> & {
    readonly linkOf: (row: SweepRow) => string | null;
  },
): SweepPageData {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row.values)))];
  const figures = {} as Record<SweepFigure, Array<number | null>>;
  for (const name of sweepFigureNames) figures[name] = rows.map((row) => rounded(known(row, name)));
  const errors: Record<number, number> = {};
  const texts = new Map<string, number>();
  const links: Record<number, string> = {};
  for (const [place, row] of rows.entries()) {
    if (row.error !== null) {
      if (!texts.has(row.error)) texts.set(row.error, texts.size);
      errors[place] = texts.get(row.error)!;
    }
    const link = linkOf(row);
    if (link !== null) links[place] = link;
  }
  return {
    version,
    threshold,
    trace,
    index: rows.map((row) => row.index),
    repeat: rows.map((row) => row.repeat),
    axes: keys.map((key) => ({ key, values: rows.map((row) => row.values[key] ?? null) })),
    figures,
    errors,
    errorTexts: [...texts.keys()],
    links,
  };
}

/** A figure of a run; where nothing completed, latencies of 0 are no latencies, and would look like the best of all. */
function known({ figures }: SweepRow, name: SweepFigure): number | null {
  const value = figures?.[name] ?? null;
  const isLatency = /^(mean|median|p\d+)_(ttft|itl|e2e_latency)_ms$/.test(name);
  return value === 0 && isLatency && figures?.completed_requests === 0 ? null : value;
}

function rounded(value: number | null): number | null {
  return value === null || Number.isInteger(value) ? value : Number(value.toPrecision(6));
}
