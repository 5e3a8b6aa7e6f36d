import { join } from "node:path";
import { ConfigError, type ConfigProblem } from "../config/config-error.ts";
import { resolveReplay } from "../config/resolve-replay.ts";
import { writeFileAtomically } from "../report/atomic-file.ts";
import { csvLines } from "../sweep/merge.ts";
import { localDriver } from "../sweep/local-pool.ts";
import { keepOtherRows } from "../sweep/other-rows.ts";
import { withDocuments } from "../sweep/check-points.ts";
import { runSweep } from "../sweep/run-sweep.ts";
import type { SweepHooks, SweepOutcome } from "../sweep/run-sweep.ts";
import type { SweepRow } from "../sweep/sweep-row.ts";
import type { CellBound } from "./oracle-bound.ts";
import { oracleNames, plannedBounds } from "./planned-bounds.ts";
import { studyCells } from "./study-cells.ts";
import { ownStartupTime, studyOptions, studyPoints } from "./study-points.ts";
import { ofPolicies, type StudyPlan } from "./study-plan.ts";
import { summarize } from "./study-summary.ts";
import { markdownTables, overviewTables, studyTables } from "./study-tables.ts";

/** Where a study's results go and how many runs go on at a time. */
export interface StudyRequest {
  readonly plan: StudyPlan;
  readonly out: string;
  readonly parallel: number;
}

/**
 * Reads the documents of a plan and checks every policy's knobs, before anything runs.
 * @throws ConfigError with every mistake found
 */
export async function checkedStudy(plan: StudyPlan): Promise<StudyPlan> {
  const ready = { ...plan, replay: await withDocuments(plan.replay) };
  const wrong = new Map<string, { readonly problem: ConfigProblem; readonly policies: [string, ...string[]] }>();
  const seen = new Set<string>();
  for (const point of studyPoints(ready)) {
    const policy = String(point.values["policy"]);
    if (seen.has(policy)) continue;
    seen.add(policy);
    try {
      await resolveReplay(studyOptions(ready, point));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) {
        const key = JSON.stringify(problem);
        const same = wrong.get(key);
        if (same === undefined) wrong.set(key, { problem, policies: [policy] });
        else same.policies.push(policy);
      }
    }
  }
  if (wrong.size > 0) {
    throw new ConfigError(
      Array.from(wrong.values(), ({ problem: { where, message }, policies }) => ({
        where: ofPolicies(policies, where),
        message,
      })),
    );
  }
  return { ...ready, startupTimes: ready.startupTimes ?? [ownStartupTime(ready.replay)] };
}

/** Runs what of a study is not done yet; rows are on the disk as they come, as a sweep's. */
export function runStudy({ plan, out, parallel }: StudyRequest, hooks: SweepHooks = {}): Promise<SweepOutcome> {
  const optionsOf = (point: Parameters<typeof studyOptions>[1]) => studyOptions(plan, point);
  const points = studyPoints(plan);
  return runSweep({ base: {}, points, out, keepResults: false, optionsOf }, hooks, async () =>
    localDriver(Math.min(parallel, points.length)),
  );
}

/**
 * Writes a finished study: rows, a table of all figures, Markdown tables and the page.
 * @returns the Markdown
 */
export async function writeStudy(
  out: string,
  plan: StudyPlan,
  rows: readonly SweepRow[],
  bounds: readonly CellBound[],
): Promise<string> {
  const cells = studyCells(rows, [...bounds, ...plannedBounds(plan, rows)], oracleNames(plan));
  const summaries = summarize(cells);
  const markdown = markdownTables(studyTables(cells, summaries));
  const { renderStudyPage } = await import("./render-page.ts");
  keepOtherRows(out, rows);
  const files = {
    "results.jsonl": rows.map((row) => `${JSON.stringify(row)}\n`),
    "results.csv": csvLines(rows),
    "study.md": [markdown],
    "overview.md": [markdownTables(overviewTables(cells, summaries))],
    "index.html": [renderStudyPage(plan, cells, summaries)],
  };
  for (const [name, lines] of Object.entries(files)) await writeFileAtomically(join(out, name), lines);
  return markdown;
}
