import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, ProblemList, type ConfigProblem } from "../config/config-error.ts";
import { loadDocument } from "../config/document.ts";
import type { ReplayOptions } from "../config/replay-options.ts";
import { resolveReplay } from "../config/resolve-replay.ts";
import { makeFolder, OutputError } from "../report/atomic-file.ts";
import { applyPoint } from "./apply-point.ts";
import { AxisError } from "./axis.ts";
import { namedByAxis } from "./axis-problem.ts";
import { checkRoom } from "./disk-room.ts";
import { otherRows } from "./other-rows.ts";
import { ResultsFile } from "./results-file.ts";
import type { RunDriver } from "./run-driver.ts";
import type { SweepPoint } from "./sweep-plan.ts";
import { failedRow, type SweepRow } from "./sweep-row.ts";
import { runKey, type SweepTask } from "./sweep-task.ts";
import { loadSharedWorkload, workloadKey, type SharedWorkload } from "./workloads.ts";

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

const documentOptions = [
  "extraEngineArgs",
  "prefillEngineArgs",
  "decodeEngineArgs",
  "plannerConfig",
  "policyConfig",
  "routerConfig",
  "faultConfig",
  "clientConfig",
] as const;

/**
 * Reads the documents among a sweep's base options, so that values can be put into them.
 * @throws ConfigError
 */
export async function withDocuments(base: ReplayOptions): Promise<ReplayOptions> {
  const problems = new ProblemList();
  const options: Record<string, unknown> = { ...base };
  for (const key of documentOptions) {
    const given = base[key];
    if (typeof given === "string") options[key] = await loadDocument(given, `--${flagOf(key)}`, problems);
  }
  problems.throwIfAny();
  return options as ReplayOptions;
}

/**
 * Checks every value of every axis once, the others at their first value, before anything runs.
 * @throws ConfigError with every mistake found
 */
export async function checkPoints(base: ReplayOptions, points: readonly SweepPoint[]): Promise<void> {
  const seen = new Set<string>();
  const wrong = new Map<string, ConfigProblem>();
  for (const point of points) {
    const fresh = Object.entries(point.values).filter(([key, value]) => !seen.has(JSON.stringify([key, value])));
    if (fresh.length === 0 && seen.size > 0) continue;
    for (const [key, value] of fresh) seen.add(JSON.stringify([key, value]));
    try {
      await resolveReplay(applyPoint(base, point));
    } catch (error) {
      for (const problem of await problemsOf(error)) {
        const named = namedByAxis(problem, point);
        wrong.set(JSON.stringify(named), named);
      }
    }
  }
  if (wrong.size > 0) throw new ConfigError([...wrong.values()]);
}

/** @throws the error itself when it is no mistake of the user's */
async function problemsOf(error: unknown): Promise<readonly ConfigProblem[]> {
  if (error instanceof ConfigError) return error.problems;
  if (!(error instanceof AxisError)) throw error;
  if (error.unknownKey === null) return [{ where: "", message: error.message }];
  const { likelyAxis } = await import("./likely-axis.ts");
  return [{ where: "", message: `${error.message}${likelyAxis(error.unknownKey)}` }];
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
    const groups = byWorkload(optionsOf, points);
    const order = groups.flatMap((group) => group.points.map((point) => ({ group, point })));
    const load = async (group: WorkloadGroup): Promise<SharedWorkload | string> => {
      try {
        return await loadSharedWorkload(optionsOf(group.points[0]!));
      } catch (error) {
        // One of several workloads fails its own runs only.
        if (groups.length === 1) throw error;
        return error instanceof Error ? error.message : String(error);
      }
    };
    // A sweep over requests that cannot be read leaves no folder.
    const [only] = groups.length === 1 ? groups : [];
    if (only !== undefined) {
      only.loading = load(only);
      only.loading.catch(() => {});
      await Promise.race([only.loading, stopped]);
    }
    makeOutputFolder(keepResults ? join(out, "runs") : out);
    const results = new ResultsFile(join(out, "results.jsonl"));
    file = results;
    checkRoom(out, points.length - results.rows.length);
    const before = [...otherRows(out), ...results.rows];
    const known = new Map(before.filter((row) => row.error === null).map((row) => [row.run, row]));
    const record = (row: SweepRow) => {
      results.append(row);
      rows.push(row);
      hooks.onRow?.(row, rows.length, points.length);
    };
    // As many loops as places, each taking the next point: nothing but the runs under way is held in memory. A workload
    // is read while the last runs of the one before are under way.
    let next = 0;
    let broken = false;
    const stopping = () => broken || hooks.signal?.aborted === true;
    const work = async () => {
      while (next < order.length && !stopping()) {
        const { group, point } = order[next++]!;
        const loading = (group.loading ??= load(group));
        if (order[next]?.group !== group) group.loading = null;
        try {
          const workload = await loading;
          if (stopping()) return;
          const applied = optionsOf(point);
          if (typeof workload === "string") {
            record(failedRow(runKey(applied, "unreadable"), point, workload));
            continue;
          }
          // A varied document travels by its content; one that cannot be read fails its own run, which says why.
          const options = await withDocuments(applied).catch(() => applied);
          const run = runKey(options, workload.digest);
          const path = fileOf(run);
          const row = known.get(run);
          if (row !== undefined && (path === null || existsSync(path))) {
            rows.push({ ...row, index: point.index, values: point.values, repeat: point.repeat });
            reused++;
            continue;
          }
          const task: SweepTask = { run, point, options };
          const done = await driver.run(task, workload, path);
          // Threads that are being ended fail their runs; that says nothing about the runs.
          if (stopping()) return;
          record(done);
          driver.recorded?.(task);
        } catch (error) {
          broken = true;
          throw error;
        }
      }
    };
    const loops = Array.from({ length: Math.min(driver.places, order.length) }, work);
    await Promise.race([Promise.all(loops), stopped]);
  } finally {
    await driver.close();
    file?.close();
  }
  return { rows: rows.toSorted((a, b) => a.index - b.index), reused, interrupted: hooks.signal?.aborted ?? false };
}

function makeOutputFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw new OutputError(path, error);
  }
}

/** Points that replay the same requests. */
interface WorkloadGroup {
  readonly points: SweepPoint[];
  /** Those requests, being read or read; null before the first point of the group is taken and after the last. */
  loading: Promise<SharedWorkload | string> | null;
}

/** The points by the requests they replay; groups in the order of their first points. */
function byWorkload(
  optionsOf: (point: SweepPoint) => ReplayOptions,
  points: readonly SweepPoint[],
): readonly WorkloadGroup[] {
  const groups = new Map<string, WorkloadGroup>();
  for (const point of points) {
    const key = workloadKey(optionsOf(point));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { points: [point], loading: null });
    else group.points.push(point);
  }
  return [...groups.values()];
}

function flagOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
