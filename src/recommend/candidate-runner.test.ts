import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { LocalPool } from "../sweep/local-pool.ts";
import { ResultsFile } from "../sweep/results-file.ts";
import { failedRow, type SweepFigures, type SweepRow } from "../sweep/sweep-row.ts";
import type { SweepTask } from "../sweep/sweep-task.ts";
import { syntheticTrace } from "../trace/synthetic.ts";
import type { Candidate } from "./candidate.ts";
import { partOf, Runner } from "./candidate-runner.ts";
import type { RecommendRequest } from "./recommendation.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-candidates-"));
afterAll(() => rmSync(folder, { recursive: true }));

const trace = syntheticTrace(
  {
    inputTokens: 100,
    outputTokens: 1,
    requestCount: 3,
    requestRate: null,
    arrivalIntervalMs: 10,
    arrivalSeed: 0,
    turnsPerSession: 1,
    sharedPrefixRatio: 0,
    numPrefixGroups: 0,
    interTurnDelayMs: 0,
  },
  64,
);
const fleets = (...workers: number[]): Candidate[] =>
  workers.map((count) => ({
    family: {
      policy: "static",
      topology: "agg",
      tensorParallel: 1,
      dimensions: [{ key: "run.numWorkers", values: [1, 2, 3, 4] }],
    },
    places: [count - 1],
  }));

/** A pool that does nothing but answer; runs of four workers fail. */
function fakePool(done: SweepTask[]): LocalPool {
  const run = (task: SweepTask): Promise<SweepRow> => {
    done.push(task);
    const workers = task.options.numWorkers!;
    if (workers === 4) return Promise.resolve(failedRow(task.run, task.point, "no room"));
    const figures = { sla_attainment: workers / 4, gpu_hours: workers, scale_ups: 1, scale_downs: 2 };
    return Promise.resolve({ run: task.run, ...task.point, figures: figures as unknown as SweepFigures, error: null });
  };
  return { run } as unknown as LocalPool;
}

describe("runs of candidates", () => {
  let files = 0;
  let done: SweepTask[];
  beforeEach(() => (done = []));
  const runner = (results: ResultsFile, base: RecommendRequest["base"] = {}) =>
    new Runner(fakePool(done), results, { base, parallel: 2, runs: 9 } as unknown as RecommendRequest, {});
  const newFile = () => join(folder, `results-${files++}.jsonl`);

  it("are answered in order, those that failed with nothing", async () => {
    const one = runner(new ResultsFile(newFile()));
    const figures = await one.figures(fleets(3, 4, 1), partOf(trace));
    expect(figures.map((found) => found?.gpuHours ?? null)).toEqual([3, null, 1]);
    expect(figures[0]).toMatchObject({ attainment: 0.75, events: 3 });
    // Rows tell settings by their values.
    expect(done[0]!.point.values["setting"]).toBe('["static","agg",1,[3]]');
    expect(one.counts).toEqual({ runs: 3, failed: 1, firstFailure: "no room" });
  });

  it("have their requests come faster where that is tested, by so many times the speed given", async () => {
    await runner(new ResultsFile(newFile())).figures(fleets(1), partOf(trace));
    await runner(new ResultsFile(newFile())).figures(fleets(1), partOf(trace, 1.5));
    await runner(new ResultsFile(newFile()), { arrivalSpeedupRatio: 4 }).figures(fleets(1), partOf(trace, 1.5));
    expect(done.map(({ options }) => options.arrivalSpeedupRatio)).toEqual([undefined, 1.5, 6]);
  });

  it("are done once; a later search finds them in the folder, and tries again what failed", async () => {
    const path = newFile();
    const results = new ResultsFile(path);
    const one = runner(results);
    await one.figures(fleets(1, 4), partOf(trace));
    await one.figures(fleets(1, 2), partOf(trace));
    results.close();
    expect(done).toHaveLength(3);
    const again = new ResultsFile(path);
    const other = runner(again);
    await other.figures(fleets(1, 2, 4), partOf(trace));
    again.close();
    expect(done.slice(3).map(({ options }) => options.numWorkers)).toEqual([4]);
    expect(other.counts).toEqual({ runs: 3, failed: 1, firstFailure: "no room" });
    // A run that failed again adds no row of its own.
    const last = new ResultsFile(path);
    expect(last.rows).toHaveLength(3);
    last.close();
  });
});
