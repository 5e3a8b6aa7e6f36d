import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ReplayOptions } from "../config/replay-options.ts";
import { makeOutputFolder, removeUnfinished } from "../report/atomic-file.ts";
import { applyPoint } from "./apply-point.ts";
import { withDocuments } from "./check-points.ts";
import { checkRoom } from "./disk-room.ts";
import { otherRows } from "./other-rows.ts";
import { PointQueue } from "./point-queue.ts";
import { ResultsFile } from "./results-file.ts";
import type { RunDriver } from "./run-driver.ts";
import type { SweepPoint } from "./sweep-plan.ts";
import { failedRow, type SweepRow } from "./sweep-row.ts";
import { runKey, type SweepTask } from "./sweep-task.ts";

/** How a sweep is run. */
export interface SweepRequest {
  readonly base: ReplayOptions;
  readonly points: readonly SweepPoint[];
  /** Folder of results.jsonl, and of runs/ when full results are kept. */
  readonly out: string;
  readonly keepResults: boolean;
  /** The options of a point; without it, the base with the point's values put in. */
  readonly optionsOf?: (point: SweepPoint) => ReplayOptions;
}

/** What a caller may follow or stop. */
export interface SweepHooks {
  readonly onRow?: (row: SweepRow, done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** How a sweep ended. */
export interface SweepOutcome {
  readonly rows: readonly SweepRow[];
  /** Rows that were there already and were not run again. */
  readonly reused: number;
  readonly interrupted: boolean;
}

/**
 * Runs what is not done yet; every finished run is on the disk before the next is reported.
 * @param openDriver what does the runs; closed when they are done
 * @throws OutputError when a row cannot be written; what was written stays
 */
export async function runSweep(
  { base, points, out, keepResults, optionsOf = (point) => applyPoint(base, point) }: SweepRequest,
  hooks: SweepHooks,
  openDriver: () => Promise<RunDriver>,
): Promise<SweepOutcome> {
  const fileOf = (run: string) => (keepResults ? join(out, "runs", `${run}.json`) : null);
  const rows: SweepRow[] = [];
  let reused = 0;
  const driver = await openDriver();
  let file: ResultsFile | null = null;
  try {
    const stopped = new Promise<void>((resolve) =>
      hooks.signal?.addEventListener("abort", () => resolve(), { once: true }),
    );
    const queue = new PointQueue(points, optionsOf);
    // A sweep over requests that cannot be read leaves no folder.
    const only = queue.readTheOnly();
    if (only !== null) await Promise.race([only, stopped]);
    makeOutputFolder(keepResults ? join(out, "runs") : out);
    const results = new ResultsFile(join(out, "results.jsonl"));
    file = results;
    checkRoom(out, points.length - results.rows.length);
    const before = [...otherRows(out), ...results.rows];
    const known = new Map(before.filter((row) => row.error === null).map((row) => [row.run, row]));
    // As many loops as places, each taking the next point: nothing but the runs under way is held in memory.
    let broken = false;
    const stopping = () => broken || hooks.signal?.aborted === true;
    const surroundings: Surroundings = { optionsOf, fileOf, known, driver, stopping };
    const work = async () => {
      while (!stopping()) {
        const taken = queue.take();
        if (taken === null) return;
        try {
          const done = await runPoint(taken, surroundings);
          if (done === null) return;
          if (done.isKnown) {
            rows.push(done.row);
            reused++;
            continue;
          }
          results.append(done.row);
          rows.push(done.row);
          hooks.onRow?.(done.row, rows.length, points.length);
          if (done.task !== null) driver.recorded?.(done.task);
        } catch (error) {
          broken = true;
          throw error;
        }
      }
    };
    const loops = Array.from({ length: Math.min(driver.places, queue.length) }, work);
    await Promise.race([Promise.all(loops), stopped]);
  } finally {
    await driver.close();
    // A thread that was ended may have been writing.
    if (keepResults) removeUnfinished(join(out, "runs"));
    file?.close();
  }
  return { rows: rows.toSorted((a, b) => a.index - b.index), reused, interrupted: hooks.signal?.aborted ?? false };
}

/** What the runs of a sweep have in common. */
interface Surroundings {
  readonly optionsOf: (point: SweepPoint) => ReplayOptions;
  /** Where a run's full result goes; null = it is not kept. */
  readonly fileOf: (run: string) => string | null;
  /** Finished rows by run. */
  readonly known: ReadonlyMap<string, SweepRow>;
  readonly driver: RunDriver;
  readonly stopping: () => boolean;
}

/** The row of a point: one that is known, that of a run that cannot begin, or that of its run. null = the sweep stops. */
async function runPoint(
  { point, loading }: NonNullable<ReturnType<PointQueue["take"]>>,
  { optionsOf, fileOf, known, driver, stopping }: Surroundings,
): Promise<{ readonly row: SweepRow; readonly isKnown: boolean; readonly task: SweepTask | null } | null> {
  const workload = await loading;
  if (stopping()) return null;
  const applied = optionsOf(point);
  if (typeof workload === "string") {
    return { row: failedRow(runKey(applied, "unreadable"), point, workload), isKnown: false, task: null };
  }
  // A varied document travels by its content; one that cannot be read fails its own run, which says why.
  const options = await withDocuments(applied).catch(() => applied);
  const run = runKey(options, workload.digest);
  const path = fileOf(run);
  const found = known.get(run);
  if (found !== undefined && (path === null || existsSync(path))) {
    const { index, values, repeat } = point;
    return { row: { ...found, index, values, repeat }, isKnown: true, task: null };
  }
  const task: SweepTask = { run, point, options };
  const row = await driver.run(task, workload, path);
  // Threads that are being ended fail their runs; that says nothing about the runs.
  return stopping() ? null : { row, isKnown: false, task };
}
