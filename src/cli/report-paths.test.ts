import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { plannerPagePath, resultPath } from "./report-paths.ts";

const folder = mkdtempSync(join(tmpdir(), "windtunnel-paths-"));
afterAll(() => rmSync(folder, { recursive: true }));

const newYear = new Date(2026, 0, 1, 0, 5, 9);
const silvester = new Date(2026, 11, 31, 23, 59, 59);

test("a result goes where it was told to, or under the local time into a folder", () => {
  expect(resultPath("a/b.json", newYear)).toBe(join("a", "b.json"));
  expect(resultPath(folder, newYear)).toBe(join(folder, "dynamo_replay_report_20260101_000509.json"));
  expect(resultPath("not/there/yet/", silvester)).toBe(
    join("not/there/yet", "dynamo_replay_report_20261231_235959.json"),
  );
  expect(resultPath(undefined, silvester)).toBe(join(process.cwd(), "dynamo_replay_report_20261231_235959.json"));
});

test("no result of the same second is overwritten", () => {
  const taken = (...copies: string[]) => {
    for (const copy of copies) writeFileSync(join(folder, `dynamo_replay_report_20261231_235959${copy}.json`), "");
    return resultPath(folder, silvester);
  };
  expect(taken("")).toBe(join(folder, "dynamo_replay_report_20261231_235959_2.json"));
  expect(taken("_2", "_3")).toBe(join(folder, "dynamo_replay_report_20261231_235959_4.json"));
});

test("a planner's page has a folder of its own unless its configuration names one, or a file", () => {
  expect(plannerPagePath(null, newYear)).toBe(join("planner_reports", "planner_report_20260101_000509.html"));
  expect(plannerPagePath({ outputDir: "out", filename: null }, newYear)).toBe(
    join("out", "planner_report_20260101_000509.html"),
  );
  expect(plannerPagePath({ outputDir: "out", filename: "page.html" }, newYear)).toBe(join("out", "page.html"));
});
