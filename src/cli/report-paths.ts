import { join } from "node:path";
import { existsSync } from "node:fs";
import { statOrNull } from "../config/document.ts";

/** Where a planner's page goes: the file its configuration names, or a dated one in the folder for them. */
export function plannerPagePath(
  report: { readonly outputDir: string; readonly filename: string | null } | null,
  now: Date,
): string {
  const folder = report?.outputDir ?? "./planner_reports";
  return report?.filename == null
    ? fresh(folder, `planner_report_${stamp(now)}`, ".html")
    : join(folder, report.filename);
}

/** `20260131_235959`, local time. */
function stamp(now: Date): string {
  const part = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${part(now.getMonth() + 1)}${part(now.getDate())}`;
  return `${date}_${part(now.getHours())}${part(now.getMinutes())}${part(now.getSeconds())}`;
}

/** Where the result goes: the given file, a dated file in the given folder, or one in the current folder. */
export function resultPath(given: string | undefined, now: Date): string {
  if (given === undefined) return datedReport(process.cwd(), now);
  const isFolder = given.endsWith("/") || statOrNull(given)?.isDirectory() === true;
  if (isFolder) return datedReport(given, now);
  // As Python writes paths: what `..` leads to is the system's to say, there may be a link before it.
  return given.includes("..") ? given : join(given);
}

/** `dynamo_replay_report_20260131_235959.json`, local time. */
function datedReport(folder: string, now: Date): string {
  return fresh(folder, `dynamo_replay_report_${stamp(now)}`, ".json");
}

/** A name that is not taken: several runs may end within a second. */
function fresh(folder: string, name: string, ending: string): string {
  for (let copy = 1; ; copy++) {
    const path = join(folder, `${name}${copy === 1 ? "" : `_${copy}`}${ending}`);
    if (!existsSync(path)) return path;
  }
}
