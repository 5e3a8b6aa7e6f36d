import { join } from "node:path";
import { statOrNull } from "../config/document.ts";

/** `dynamo_replay_report_20260131_235959.json`, local time. */
export function datedReportName(now: Date): string {
  return `dynamo_replay_report_${stamp(now)}.json`;
}

/** Where a planner's page goes: the file its configuration names, or a dated one in the folder for them. */
export function plannerPagePath(
  report: { readonly outputDir: string; readonly filename: string | null } | null,
  now: Date,
): string {
  return join(report?.outputDir ?? "./planner_reports", report?.filename ?? `planner_report_${stamp(now)}.html`);
}

/** `20260131_235959`, local time. */
function stamp(now: Date): string {
  const part = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}${part(now.getMonth() + 1)}${part(now.getDate())}`;
  return `${date}_${part(now.getHours())}${part(now.getMinutes())}${part(now.getSeconds())}`;
}

/** Where the result goes: the given file, a dated file in the given folder, or one in the current folder. */
export function resultPath(given: string | undefined, now: Date): string {
  if (given === undefined) return join(process.cwd(), datedReportName(now));
  const isFolder = given.endsWith("/") || statOrNull(given)?.isDirectory() === true;
  return isFolder ? join(given, datedReportName(now)) : join(given);
}
