import type { SweepRow } from "../sweep/sweep-row.ts";
import { staticFleet } from "./fixed-fleet.ts";
import { attainmentFor, hoursFor } from "./oracle-bound.ts";
import type { BoundPoint, CellBound } from "./oracle-bound.ts";

/** How one policy did in one cell; null where a figure cannot be had. */
export interface StudyEntry {
  readonly policy: string;
  /** Share of requests that met both bounds. */
  readonly attainment: number | null;
  readonly gpuHours: number | null;
  readonly events: number | null;
  readonly eventsPerHour: number | null;
  readonly meanTtftMs: number | null;
  readonly p90TtftMs: number | null;
  /** Attainment by that of the largest fixed fleet. */
  readonly ofCeiling: number | null;
  /** GPU-hours by those the oracle's bound needs for the same attainment. */
  readonly ofOracle: number | null;
  /** Attainment less that of fixed fleets of the same GPU-hours. */
  readonly overFixed: number | null;
  readonly onFront: boolean;
  readonly error: string | null;
}

/** All policies on one trace at one start-up time and seed. */
export interface StudyCell {
  readonly trace: string;
  readonly startupSeconds: number;
  readonly seed: number;
  /** Attainment of the best fixed fleet: what more replicas could reach. */
  readonly ceiling: number | null;
  readonly entries: readonly StudyEntry[];
  readonly fixed: readonly StudyEntry[];
  readonly oracle: readonly BoundPoint[];
}

/**
 * Puts the rows of a study together cell by cell, in the order they were run in.
 * @param oracles names of policies that are bounds, not contestants
 */
export function studyCells(
  rows: readonly SweepRow[],
  bounds: readonly CellBound[] = [],
  oracles: ReadonlySet<string> = new Set(),
): StudyCell[] {
  const cells = new Map<string, { trace: string; startupSeconds: number; seed: number; rows: SweepRow[] }>();
  for (const row of rows) {
    const { trace, startup_seconds: startup, seed } = row.values;
    if (startup === null) continue;
    if (oracles.has(String(row.values["policy"]))) continue;
    const key = JSON.stringify([trace, startup, seed]);
    const cell = cells.get(key) ?? {
      trace: String(trace),
      startupSeconds: startup as number,
      seed: seed as number,
      rows: [],
    };
    cell.rows.push(row);
    cells.set(key, cell);
  }
  return [...cells.values()].map(({ rows: own, ...cell }) => {
    const fixedRows = rows.filter(
      ({ values }) =>
        values["trace"] === cell.trace && values["seed"] === cell.seed && values["startup_seconds"] === null,
    );
    const fixedPoints = pointsOf(fixedRows);
    const oracle = bounds
      .filter(
        ({ trace, startupSeconds, seed }) =>
          trace === cell.trace &&
          (startupSeconds === null || startupSeconds === cell.startupSeconds) &&
          (seed === null || seed === cell.seed),
      )
      .flatMap(({ points }) => points)
      .toSorted((a, b) => a.gpuHours - b.gpuHours);
    const ceiling = fixedPoints.length === 0 ? null : Math.max(...fixedPoints.map(({ attainment }) => attainment));
    const all = pointsOf([...own, ...fixedRows]);
    const entry = (row: SweepRow): StudyEntry => entryOf(row, { ceiling, oracle, fixedPoints, all });
    return { ...cell, ceiling, oracle, entries: own.map(entry), fixed: fixedRows.map(entry) };
  });
}

function pointsOf(rows: readonly SweepRow[]): BoundPoint[] {
  return rows.flatMap(({ figures }) =>
    figures?.sla_attainment == null || figures.gpu_hours == null
      ? []
      : [{ attainment: figures.sla_attainment, gpuHours: figures.gpu_hours }],
  );
}

function entryOf(
  { values, figures, error }: SweepRow,
  cell: {
    readonly ceiling: number | null;
    readonly oracle: readonly BoundPoint[];
    readonly fixedPoints: readonly BoundPoint[];
    readonly all: readonly BoundPoint[];
  },
): StudyEntry {
  const attainment = figures?.sla_attainment ?? null;
  const gpuHours = figures?.gpu_hours ?? null;
  const events = figures === null ? null : (figures.scale_ups ?? 0) + (figures.scale_downs ?? 0);
  const hours = (figures?.duration_ms ?? 0) / 3_600_000;
  const isFixed = staticFleet(String(values["policy"])) !== null;
  const known = attainment !== null && gpuHours !== null;
  const bound = known && cell.oracle.length > 0 ? hoursFor(attainment, cell.oracle) : null;
  const fixedThere = known && !isFixed ? attainmentFor(gpuHours, cell.fixedPoints) : null;
  return {
    policy: String(values["policy"]),
    attainment,
    gpuHours,
    events,
    eventsPerHour: events === null || hours === 0 ? null : events / hours,
    meanTtftMs: figures?.mean_ttft_ms ?? null,
    p90TtftMs: figures?.p90_ttft_ms ?? null,
    ofCeiling: attainment === null || cell.ceiling === null || cell.ceiling === 0 ? null : attainment / cell.ceiling,
    ofOracle: bound === null || bound === 0 ? null : gpuHours! / bound,
    overFixed: fixedThere === null ? null : attainment! - fixedThere,
    onFront: known && !cell.all.some((other) => dominates(other, { attainment, gpuHours })),
    error,
  };
}

/** Whether one is at least as good and as cheap, and better or cheaper. */
export function dominates(one: BoundPoint, other: BoundPoint): boolean {
  return (
    one.attainment >= other.attainment &&
    one.gpuHours <= other.gpuHours &&
    (one.attainment > other.attainment || one.gpuHours < other.gpuHours)
  );
}
